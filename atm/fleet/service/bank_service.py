"""Use cases of the bank's service, shared by all routes, and the kiosk that sent a request."""

from typing import Annotated, Final

from fastapi import Depends, Request

from atm.enrolment.duplicate_face import DuplicateFaceCheck
from atm.enrolment.enrolment import Enrolments
from atm.fleet.service.decoys import Decoys
from atm.fleet.service.logins import Logins
from atm.fleet.service.server import FINGERPRINT
from atm.fleet.service.store.kiosks import Kiosk
from atm.fleet.service.store.stores import ServiceStores
from atm.fleet.service.tokens import TokenError, Tokens
from atm.fleet.wire_errors import NotAllowedError, SignedOutError
from atm.people import Signatures, StaffError, StaffMember
from atm.staff.acts import Office
from credentials.attempt_rules import Place
from face_auth.models import ModelCard, load_cohort
from face_auth.recognition.classifier import train_customer_svm

STAFF_TOKEN: Final = "staff"


class BankService:
    """Stores, tokens and use cases of one bank, for whichever kiosk asks."""

    def __init__(self, stores: ServiceStores, card: ModelCard, day_limit: int) -> None:
        """Use *stores*, the *card* of the kiosks' network, and the *day_limit* in major units."""
        self.stores = stores
        self.network_sha256 = card.sha256
        self.day_limit = day_limit
        self.tokens = Tokens(lambda: stores.token_keys)
        cohort = load_cohort(card)
        like = train_customer_svm(cohort[:5], cohort[5:])
        decoys = Decoys(stores.decoy_key, card.sha256, cohort, like)
        self.logins = Logins(stores, self.tokens, decoys, card.sha256)

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
        )

    def member(self, kiosk: Kiosk, token: str) -> StaffMember:
        """Return the member of staff who signed in at *kiosk* and got *token*.

        Raises:
            SignedOutError: If the token has expired or is another kiosk's, or they were removed,
                got another PIN, or have to wait after wrong PINs at this kiosk.
        """
        staff = self.stores.staff(kiosk.kiosk_id)
        try:
            says = self.tokens.open(STAFF_TOKEN, kiosk.kiosk_id, token)
            name = staff.known(str(says["name"]))
            place = Place(says.get("place", Place.SCREEN))
            if staff.badge(name, place) != says.get("badge"):
                raise SignedOutError
        except (TokenError, StaffError) as error:
            raise SignedOutError from error
        return StaffMember(name)

    def signed(self, kiosk: Kiosk, tokens: list[str]) -> StaffMember | Signatures:
        """Return who signed: one member of staff, or two different ones."""
        members = [self.member(kiosk, token) for token in tokens]
        return members[0] if len(members) == 1 else Signatures(*members)


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
