"""Bank of a kiosk whose customers are kept by the bank's service.

The kiosk's own pause, camera, approval and log stay in its data folder. Customers are reached
through the service only; without it nobody logs in.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Self

from atm.accounts.dispenser import SimulatedDispenser
from atm.accounts.money import to_minor
from atm.accounts.session import Session
from atm.approved_models import models_of
from atm.enrolment.enrolment import opening_limit_minor
from atm.errors import AtmError, ServiceUnavailable
from atm.fleet.kiosk.accounts import RemoteAccounts
from atm.fleet.kiosk.client import client_of
from atm.fleet.kiosk.enrolment import RemoteEnrolment
from atm.fleet.kiosk.log import KioskLog
from atm.fleet.kiosk.login import Awaited, RemoteLogin, gather
from atm.fleet.kiosk.network import network_of_service
from atm.fleet.kiosk.office import RemoteOffice
from atm.fleet.kiosk.report import report_of
from atm.fleet.kiosk.staff import RemoteStaff
from atm.folder import DataFolder
from atm.keys.keys import Keys
from atm.liveness_policy import challenge_s
from atm.login.attended import FaceNeededError
from atm.login.decision import Decision
from atm.login.login import CheckFace, Claim, ClaimedFace
from atm.login.pause import counted
from atm.people import Customer, StaffMember
from atm.settings import Settings
from atm.staff.card_acts import NoCardsError
from atm.staff.inactivity import KeptForeverError
from atm.stores import KioskStores
from face_auth.gallery import Template
from face_auth.models import load_card
from face_auth.types import FaceResult, Frame

if TYPE_CHECKING:
    from face_auth.recogniser import Recogniser


class RemoteBank:
    """An `atm.bank.Bank` that asks the bank's service for everything about customers."""

    def __init__(self, settings: Settings, stores: KioskStores) -> None:
        """Build the use cases over the kiosk's own *stores*; the service is not called yet.

        Raises:
            ClientError: If this kiosk's certificate cannot be used.
        """
        self.settings = settings
        self._client = client_of(settings)
        self.stores = stores
        self.models = models_of(settings)
        self.audit = KioskLog(stores.audit, self._client)
        self.staff = RemoteStaff(self._client, partial(counted, stores.pause, self.audit))
        self.office = RemoteOffice(self._client)
        self.enrolment = RemoteEnrolment(
            self._client, settings.currency,
            opening_limit_minor=opening_limit_minor(settings, stores.folder.kind),
        )  # fmt: skip
        self.logins = RemoteLogin(
            client=self._client,
            pause=stores.pause,
            log=self.audit,
            network=self._network,
            report=lambda: report_of(settings, stores),
            open_session=self._open_session,
            limit_s=settings.login_limit_s + challenge_s(settings.liveness),
        )

    @classmethod
    def open(cls, settings: Settings, folder: DataFolder) -> Self:
        """Open the kiosk's own stores in *folder* and accept them.

        Raises:
            AtmError, CredentialError: If one cannot be used, was altered, or is an old copy.
        """
        stores = KioskStores.open(folder, Keys.open(settings.key_dir, folder), settings)
        bank = cls(stores.approvals.in_effect(settings), stores)
        try:
            with contextlib.suppress(ServiceUnavailable):  # then before the first entry is sent
                bank.audit.check()
        except BaseException:
            bank.close()
            raise
        return bank

    @property
    def has_customers(self) -> bool:
        """Always true: a bank is assumed to have customers."""
        return True

    def login(
        self, username: str, pin: str, check_face: CheckFace[Claim], *, more_s: float = 0.0
    ) -> Decision:
        """Check PIN and face at the same time and let the service decide; never raises."""

        def check(begun: Awaited, pressed: float, deadline: float) -> FaceResult:
            def claim(recogniser: Recogniser, frames: Iterator[Frame]) -> ClaimedFace:
                found, gathered = gather(frames, begun)
                return ClaimedFace(found.template, found.excused, gathered)

            return check_face(claim, pressed, deadline)

        return self.logins.login(username, pin, check, more_s=more_s)

    @property
    def attended(self) -> NoReturn:
        """Refuse: the service needs the face.

        Raises:
            FaceNeededError: Always.
        """
        raise FaceNeededError

    @property
    def cards(self) -> None:
        """None: the service knows no cards."""
        return None

    @property
    def card_acts(self) -> NoReturn:
        """Refuse: the service knows no cards.

        Raises:
            NoCardsError: Always.
        """
        raise NoCardsError

    @property
    def inactivity(self) -> NoReturn:
        """Refuse: the service does not look for unused accounts.

        Raises:
            KeptForeverError: Always.
        """
        raise KeptForeverError

    def first_staff(self, name: str, pin: str, *, confirmed: str = "") -> StaffMember:
        """Refuse: the first member of staff is made at the service.

        Raises:
            StaffError: Always.
        """
        return self.staff.add_first(name, pin)

    def export(self, username: str, *, staff: StaffMember) -> dict[str, object]:
        """Return what the bank keeps of a customer; see `atm.maintenance.export.export`."""
        return self.office.export(username, staff=staff)

    def import_names(self, file: Path, *, staff: StaffMember) -> NoReturn:
        """Refuse: names are imported on a machine that keeps its own customers.

        Raises:
            AtmError: Always.
        """
        raise AtmError("Names are imported on a machine that keeps its own customers.")

    def check_approved(self) -> None:
        """Check that models and settings are those that staff approved at this kiosk.

        Raises:
            NotApprovedError: If they are not what staff approved at this kiosk.
        """
        self.stores.approvals.check(self.settings, models=self.models)

    def tidy(self) -> None:
        """Do nothing: the service keeps no unfinished enrolments."""

    def prepare(self) -> None:
        """Do nothing: the service hashes PINs and searches for duplicate faces."""

    def notes(self) -> tuple[str, ...]:
        """Return a sentence if the service does not answer, or runs another face network."""
        try:
            network_of_service(self._client, self.settings.network, self.settings.currency)
        except ServiceUnavailable:
            return ("The bank's service does not answer.",)
        except AtmError as error:
            return (str(error),)
        return ()

    def close(self) -> None:
        """Sign staff out, and close the log and the connections to the service."""
        self.staff.close()
        self.audit.close()
        self._client.close()

    def _network(self) -> tuple[str, str]:
        card = load_card(self.settings.network, self.models)
        return card.name, card.sha256

    def _open_session(self, customer: Customer, token: str, template: Template) -> Session:
        accounts = RemoteAccounts(self._client, token, customer.customer_id, self.settings.currency)
        return Session(
            customer,
            accounts,
            SimulatedDispenser(),
            smallest_note_minor=to_minor(self.settings.smallest_note, self.settings.currency),
            day_limit_minor=to_minor(self.settings.day_limit, self.settings.currency),
            record=lambda kind, **fields: self.audit.append(kind, anchor=True, **fields),
            template=lambda: template,
            save_pin=accounts.save_pin,
        )
