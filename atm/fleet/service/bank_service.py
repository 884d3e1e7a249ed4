"""Use cases of the bank's service, shared by all routes, and the kiosk that sent a request."""

import contextlib
import uuid
from typing import Annotated, Final

from fastapi import Depends, Request

from atm.accounts.accounts import LedgerError
from atm.accounts.money import to_minor
from atm.enrolment.duplicate_face import DuplicateFaceCheck
from atm.enrolment.enrolment import Enrolments
from atm.fleet.service.decoys import Decoys
from atm.fleet.service.logins import Logins
from atm.fleet.service.reception import FINGERPRINT
from atm.fleet.service.store.kiosks import Kiosk
from atm.fleet.service.store.stores import ServiceStores
from atm.fleet.service.tokens import TokenError, Tokens
from atm.fleet.wire_errors import STAFF_S, NotAllowedError, SignedOutError
from atm.people import Signatures, StaffError, StaffMember
from atm.staff.acts import Office
from credentials.attempt_rules import Place
from credentials.policy import username_key
from face_auth.gallery.invented_people import load_invented
from face_auth.models import ModelCard, load_cohort

STAFF_TOKEN: Final = "staff"

_STAFF_NAMES = uuid.UUID("6f1d2c0e-6a0b-4c1e-9a53-3f5f8b0f7d21")  # drawn once


class BankService:
    """Stores, tokens and use cases of one bank, for whichever kiosk asks."""

    def __init__(
        self,
        stores: ServiceStores,
        card: ModelCard,
        currency: str,
        *,
        day_limit: int,
        opening_limit: int,
    ) -> None:
        """Use *stores*, the *card* of the kiosks' network, and both limits in major units.

        All accounts are kept in minor units of *currency*.
        """
        self.stores = stores
        self.network_sha256 = card.sha256
        self.currency = currency
        self.day_limit_minor = to_minor(day_limit, currency)
        self.opening_limit_minor = to_minor(opening_limit, currency)
        self.tokens = Tokens(lambda: stores.token_keys)
        cohort = load_cohort(card)
        people = load_invented(card, cohort)
        decoys = Decoys(stores.decoy_key, card.sha256, people)
        self.logins = Logins(stores, self.tokens, decoys, card.sha256)

    def check_currency(self, sent: str) -> None:
        """Check that a kiosk's amounts are in the currency of the accounts.

        Raises:
            LedgerError: If it *sent* another one.
        """
        if sent != self.currency:
            raise LedgerError(
                f"The bank's service keeps its accounts in {self.currency}, and this kiosk is set"
                f" to {sent}: change the setting currency."
            )

    def office(self, kiosk: Kiosk) -> Office:
        """Return the staff acts, logged for *kiosk*."""
        stores = self.stores
        return Office(
            store=stores.credentials,
            hasher=stores.hasher,
            gallery=stores.gallery,
            ledger=stores.ledger,
            attempts=stores.attempts,
            audit=stores.log(kiosk.kiosk_id),
            staff=stores.staff(kiosk.kiosk_id),
            commit=stores.commit,
        )

    def enrolment(self, kiosk: Kiosk) -> Enrolments:
        """Return the enrolment of customers, logged for *kiosk*."""
        stores = self.stores
        log = stores.log(kiosk.kiosk_id)
        return Enrolments(
            store=stores.credentials,
            hasher=stores.hasher,
            gallery=stores.gallery,
            ledger=stores.ledger,
            audit=log,
            duplicate_check=DuplicateFaceCheck(
                stores.credentials, stores.gallery, log, stores.search
            ),
            commit=stores.commit,
            new_id=stores.new_id,
            opening_limit_minor=self.opening_limit_minor,
        )

    def sign_in(self, kiosk: Kiosk, name: str, pin: str, place: Place) -> tuple[StaffMember, str]:
        """Sign a member of staff in at *kiosk*; return them and a token until they sign out.

        Raises:
            StaffSignInError: If name or PIN is wrong, or they have to wait.
        """
        staff = self.stores.staff(kiosk.kiosk_id)
        member = staff.sign_in(name, pin, place=place)
        says = {
            "name": member.name,
            "ticket": self.stores.tickets.open(ticket_owner(member.name), kiosk.kiosk_id),
            "place": place.value,
            "badge": staff.badge(member.name, place),
        }
        return member, self.tokens.make(STAFF_TOKEN, kiosk.kiosk_id, STAFF_S, says)

    def sign_out(self, kiosk: Kiosk, token: str) -> None:
        """End the sign-in of *token*; one that has ended or expired is no error."""
        with contextlib.suppress(TokenError):
            says = self.tokens.open(STAFF_TOKEN, kiosk.kiosk_id, token)
            owner = ticket_owner(str(says["name"]))
            self.stores.tickets.end(owner, str(says["ticket"]), kiosk.kiosk_id)

    def member(self, kiosk: Kiosk, token: str) -> StaffMember:
        """Return the member of staff who signed in at *kiosk* and got *token*.

        Raises:
            SignedOutError: If the token has expired or is another kiosk's, they signed out, or
                they were removed, got another PIN, or have to wait after wrong PINs at this kiosk.
        """
        staff = self.stores.staff(kiosk.kiosk_id)
        try:
            says = self.tokens.open(STAFF_TOKEN, kiosk.kiosk_id, token)
            name, ticket = staff.known(str(says["name"])), str(says.get("ticket", ""))
            is_open = self.stores.tickets.is_open(ticket_owner(name), ticket, kiosk.kiosk_id)
            place = Place(says.get("place", Place.SCREEN))
            if not is_open or staff.badge(name, place) != says.get("badge"):
                raise SignedOutError
        except (TokenError, KeyError, StaffError) as error:
            raise SignedOutError from error
        return StaffMember(name)

    def signed(self, kiosk: Kiosk, tokens: list[str]) -> StaffMember | Signatures:
        """Return who signed: one member of staff, or two different ones."""
        members = [self.member(kiosk, token) for token in tokens]
        return members[0] if len(members) == 1 else Signatures(*members)


def ticket_owner(name: str) -> str:
    """Return the id under which the sign-ins of the member *name* are kept."""
    return uuid.uuid5(_STAFF_NAMES, username_key(name)).hex


def kiosk_of(request: Request) -> Kiosk:
    """Return the kiosk whose certificate came with *request*; looked up each time.

    Raises:
        NotAllowedError: If the kiosk is not registered, or was revoked.
    """
    service: BankService = request.app.state.service
    fingerprint = getattr(request.state, FINGERPRINT, "")
    kiosk = service.stores.kiosks.known(fingerprint) if fingerprint else None
    if kiosk is None:
        raise NotAllowedError("This kiosk is not registered, or was revoked.")
    return kiosk


FromKiosk = Annotated[Kiosk, Depends(kiosk_of)]
