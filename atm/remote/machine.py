"""A kiosk of the bank: one data folder of its own, and the bank's customers behind the service.

What is the kiosk's own stays in its folder: pause, camera, approval and its log. There is no other
way to a customer than the service, and none without it.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn, Self, cast

from atm.desks import StaffDesk
from atm.dispenser import SimulatedDispenser
from atm.errors import AtmError
from atm.folder import DataFolder
from atm.health import Health
from atm.keys import Keys
from atm.liveness import Excused, challenge_s
from atm.machine import Machine
from atm.people import Customer, StaffMember
from atm.remote.accounts import RemoteAccounts
from atm.remote.client import ServiceClient
from atm.remote.enrolment import RemoteEnrolment
from atm.remote.log import KioskLog
from atm.remote.login import Claim, RemoteLogin, gather
from atm.remote.office import RemoteOffice
from atm.remote.session import RemoteSession
from atm.remote.staff import Badge, RemoteStaff
from atm.session import Session
from atm.settings import Settings
from atm.stores import KioskStores
from face_auth.gallery import Template
from face_auth.types import Frame


class RemoteMachine(Machine):
    """One kiosk of many; use `Machine.open`."""

    def __init__(self, settings: Settings, folder: DataFolder, stores: KioskStores) -> None:
        """Wire the parts; nothing is asked of the service yet."""
        self._client = client_of(settings)
        log = KioskLog(stores.audit, self._client)
        super().__init__(settings, folder, stores, log)
        self._badge = Badge()
        self.staff = RemoteStaff(self._client, self._badge)
        self.office = self._remote_office = RemoteOffice(self._client, self._badge)
        self._enrolment = RemoteEnrolment(self._client, self._badge)
        self._logins = RemoteLogin(
            client=self._client,
            pause=stores.pause,
            log=log,
            network=self._network,
            open_session=self._open_remote,
            limit_s=settings.login_limit_s + challenge_s(settings.liveness),
        )

    @classmethod
    def _opened(cls, settings: Settings, folder: DataFolder) -> Self:
        stores = KioskStores.open(folder, Keys.open(settings.key_dir, folder), settings)
        stores.check()
        return cls(settings, folder, stores)

    @property
    def has_customers(self) -> bool:
        """Take it that somebody is: a bank has customers."""
        return True

    @classmethod
    def _staff_alone(cls, settings: Settings) -> StaffDesk:
        return RemoteStaff(client_of(settings), Badge())

    def first_staff(self, name: str, pin: str) -> StaffMember:
        """Refuse: the service is set up with its first member of staff.

        Raises:
            StaffError: Always.
        """
        return self.staff.add_first(name, pin)

    def export(self, username: str, *, staff: StaffMember) -> dict[str, object]:
        """Return what the bank keeps of a customer; see `atm.export.export`."""
        return self._remote_office.export(username, staff=staff)

    def import_names(self, file: Path, *, staff: StaffMember) -> NoReturn:
        """Refuse: names are brought in where the customers are kept.

        Raises:
            AtmError: Always.
        """
        raise AtmError("Names are imported on a machine that keeps its own customers.")

    def health(self) -> Health:
        """Return how the kiosk is, and whether the service answers it."""
        found = super().health()
        try:
            self._client.call("health", again=True)
        except AtmError:
            return replace(found, notes=(*found.notes, "The bank's service does not answer."))
        return found

    def close(self) -> None:
        """Stop the camera, end the log, and let go of the service."""
        super().close()
        self._client.close()

    def _tidy(self) -> None:
        """Do nothing: the service keeps no half-made customers."""

    def _prepare(self) -> None:
        """Do nothing: the service hashes and searches."""

    def _check_approved(self) -> None:
        self._own.approvals.check(self.settings)

    def _network(self) -> tuple[str, str]:
        network = self.warm_up().network
        return network.name, network.sha256

    def _claimed(
        self, claim: Any, frames: Iterator[Frame]
    ) -> tuple[Excused | None, Template, Iterator[Frame]]:
        begun, frames = gather(frames, cast(Claim, claim))
        return begun, begun.template, frames

    def _admitted(self, session: Session) -> Template:
        assert isinstance(session, RemoteSession)
        return session.template

    def _save_pin(self, session: Session, pin: str) -> None:
        assert isinstance(session, RemoteSession)
        session.change_pin(pin)

    def _enrolled(self, customer_id: str) -> Excused | None:
        return self._remote_office.renewed(customer_id)

    def _open_remote(self, customer: Customer, token: str, template: Template) -> RemoteSession:
        session = RemoteSession(
            customer,
            RemoteAccounts(self._client, token, customer.customer_id),
            SimulatedDispenser(),
            smallest_note=self.settings.smallest_note,
            day_limit=self.settings.day_limit,
            record=lambda kind, **fields: self.audit.append(kind, anchor=True, **fields),
        )
        return session.prove(self._client, token, template)


def client_of(settings: Settings) -> ServiceClient:
    """Return the way to the service that *settings* name.

    Raises:
        ClientError: If this kiosk's certificate cannot be used.
    """
    assert settings.store_ca and settings.store_cert and settings.store_key
    return ServiceClient(
        settings.store,
        ca=settings.store_ca,
        certificate=settings.store_cert,
        key=settings.store_key,
    )
