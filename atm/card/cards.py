"""Cards of one bank: makes a customer's credential at enrolment and checks it at each login."""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Literal, Self, cast

from cryptography.exceptions import InvalidSignature
from fido2 import cbor
from fido2.cose import ES256, CoseKey
from fido2.webauthn import AuthenticatorData

from atm.card.reader import LOOK_S, CardReader, NotSignedError
from atm.card.result import CardError, CardReason, CardResult, RegisteredCard
from credentials.credential_record import CredentialRecord
from credentials.store import CredentialStore

REGISTER_S: Final = 60.0
"""Time to put the card in the reader, and to touch it if it wants that, at a registration."""

_SENTENCES: Final = {
    CardReason.NONE: "There is no card in the reader. Put the card in, and try again.",
    CardReason.TWO: "There are two cards. Leave one, and try again.",
    CardReason.REMOVED: "The card was taken away too early. Leave it in the reader, and try again.",
}
_NOT_MADE: Final = (
    "This card makes no key for this bank. Some cards must be reset, or have their own PIN"
    " removed, first; others are no FIDO2 cards. Try another card."
)


@dataclass(frozen=True, slots=True)
class Challenge:
    """Challenge that a card signs: fresh, and naming kiosk, time and attempt.

    Attributes:
        client_data: JSON, of which the card signs the SHA-256.
    """

    client_data: bytes

    @classmethod
    def fresh(cls, kind: Literal["webauthn.create", "webauthn.get"], kiosk: str) -> Self:
        """Return a challenge that was never used before."""
        names = {
            "type": kind,
            "challenge": urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("="),
            "origin": f"kiosk:{kiosk}",
            "time": datetime.now(UTC).isoformat(),
            "attempt": secrets.token_hex(16),
        }
        return cls(json.dumps(names).encode())

    @property
    def digest(self) -> bytes:
        """SHA-256 of the client data, 32 bytes."""
        return hashlib.sha256(self.client_data).digest()


class Cards:
    """Registers the cards of one data folder's customers, and checks them."""

    def __init__(
        self, folder_id: str, store: CredentialStore, reader: CardReader, *, required: bool
    ) -> None:
        """Use *store* and *reader*; *required* says whether a customer needs a card."""
        self.reader = reader
        self._store = store
        self.required = required
        self._kiosk = folder_id
        self._rp_id = f"{folder_id}.invalid"  # no such domain can exist: RFC 2606
        self._rp_hash = hashlib.sha256(self._rp_id.encode()).digest()

    def register(self, customer_id: str, cancel: threading.Event | None = None) -> RegisteredCard:
        """Have the card in the reader make a credential for a customer; it blocks.

        It waits for the card until *cancel* is set, for at most `REGISTER_S`.

        Raises:
            CardError: If there is no credential; the text says why and what to do.
        """
        stop, cancelled = threading.Event(), cancel or threading.Event()

        def end() -> None:
            latest = time.monotonic() + REGISTER_S
            while not (stop.is_set() or time.monotonic() > latest or cancelled.wait(LOOK_S)):
                pass
            stop.set()

        threading.Thread(target=end, name="card-limit", daemon=True).start()
        challenge = Challenge.fresh("webauthn.create", self._kiosk)
        user_id = bytes.fromhex(customer_id)
        try:
            made = self.reader.register(self._rp_id, user_id, challenge.digest, stop)
        except NotSignedError as error:
            raise CardError(_SENTENCES.get(error.reason, _NOT_MADE)) from error
        finally:
            stop.set()
        data = AuthenticatorData(made)
        found = data.credential_data
        if (
            data.rp_id_hash != self._rp_hash
            or not data.is_user_present()
            or found is None
            or found.public_key.get(3) != ES256.ALGORITHM
            or not 0 < len(found.credential_id) <= 300
        ):
            raise CardError(_NOT_MADE)
        key = cbor.encode(dict(found.public_key))
        return RegisteredCard(bytes(found.credential_id), key, data.counter)

    def check(self, record: CredentialRecord | None, stop: threading.Event) -> CardResult:
        """Have the card of *record* sign a fresh challenge, and verify it; it blocks.

        It waits for the card until *stop* is set; nothing is accepted after that.

        Raises:
            CardError: If there is no reader, or the record's card cannot be read.
        """
        if record is None:
            return CardResult(None, False, CardReason.UNKNOWN)
        if record.card is None:
            reason = CardReason.MISSING if self.required else CardReason.NOT_NEEDED
            return CardResult(record.customer_id, not self.required, reason)
        card = RegisteredCard.parse(record.card)
        if card.blocked:
            return CardResult(record.customer_id, False, CardReason.BLOCKED)
        challenge = Challenge.fresh("webauthn.get", self._kiosk)
        try:
            signed = self.reader.sign(self._rp_id, challenge.digest, card.credential_id, stop)
        except NotSignedError as error:
            return CardResult(record.customer_id, False, error.reason)
        reason = self._judge(card, signed.auth_data, signed.signature, challenge)
        if stop.is_set():
            return CardResult(record.customer_id, False, CardReason.NONE)
        new = replace(card, counter=signed.auth_data.counter)
        return CardResult(record.customer_id, reason is CardReason.RIGHT, reason, new)

    def username(self) -> str | None:
        """Return the username that goes with the card in the reader, to fill it in.

        It proves nothing. None if there is no card, it has none of this bank's discoverable
        credentials, or those of several customers.

        Raises:
            CardError: If there is no reader.
        """
        owners = [self._store.by_id(each.hex()) for each in self.reader.whose(self._rp_id)]
        names = [each.username for each in owners if each is not None and each.card is not None]
        return names[0] if len(names) == 1 else None

    def _judge(
        self, card: RegisteredCard, data: AuthenticatorData, signature: bytes, challenge: Challenge
    ) -> CardReason:
        key: Any = CoseKey.parse(cast(Any, cbor.decode(card.public_key)))
        try:
            key.verify(bytes(data) + challenge.digest, signature)
        except (InvalidSignature, ValueError):
            return CardReason.FALSE
        if data.rp_id_hash != self._rp_hash or not data.is_user_present():
            return CardReason.FALSE
        if (data.counter or card.counter) and data.counter <= card.counter:
            return CardReason.SET_BACK
        return CardReason.RIGHT
