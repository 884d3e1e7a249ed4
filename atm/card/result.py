"""Values of a card: what the record keeps of it, and the result of its check at a login."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from atm.errors import AtmError

_TEXT = re.compile(r"fido2\.([\w-]{1,400}={0,2})\.([\w-]{1,200}={0,2})\.([0-9]{1,10})(\.blocked)?")


class CardError(AtmError):
    """A card could not be registered or judged; the text says why and what to do."""


class CardReason(StrEnum):
    """Reason of the card thread's result; for the log alone."""

    RIGHT = "right_card"
    NOT_NEEDED = "none_registered"
    MISSING = "customer_without_card"
    UNKNOWN = "unknown_name"
    BLOCKED = "card_blocked"
    NONE = "no_card"
    TWO = "two_cards"
    REMOVED = "card_removed"
    OTHER = "other_card"
    REFUSED = "card_refused"
    FALSE = "false_signature"
    SET_BACK = "counter_set_back"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class RegisteredCard:
    """A customer's card, as `CredentialRecord.card` keeps it.

    Attributes:
        credential_id: Names the credential to the card, 1 to 300 bytes.
        public_key: The credential's public key, COSE in CBOR.
        counter: The signature counter of the last admitted login; 0 on a card without one.
        blocked: Whether staff blocked the card: nobody logs in with this record then.
    """

    credential_id: bytes
    public_key: bytes
    counter: int
    blocked: bool = False

    @property
    def text(self) -> str:
        """The card as the record keeps it."""
        parts = [urlsafe_b64encode(each).decode() for each in (self.credential_id, self.public_key)]
        return ".".join(["fido2", *parts, str(self.counter), *["blocked"] * self.blocked])

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the card that *text* describes; CardError if it is none."""
        found = _TEXT.fullmatch(text)
        if found is None:
            raise CardError("The record's card was written by another program; replace the card.")
        credential_id, public_key = (urlsafe_b64decode(each) for each in found.group(1, 2))
        return cls(credential_id, public_key, int(found[3]), found[4] is not None)


@dataclass(frozen=True, slots=True)
class CardResult:
    """Result of the card check of one login.

    Attributes:
        customer_id: The customer whose card was judged; None for an unknown name.
        accepted: Whether the login may go on: the card signed, or this customer needs none.
        reason: Why; never shown.
        card: The card with its new counter, to be kept if the login is granted; None without one.
    """

    customer_id: str | None
    accepted: bool
    reason: CardReason
    card: RegisteredCard | None = None


CARDS_OFF: Final = CardResult(None, False, CardReason.OFF)
"""Stands for the result where no card is asked of anybody."""
