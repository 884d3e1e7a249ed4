"""Acts of staff on customers' cards: block a lost one, register another one."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from atm.card.result import RegisteredCard
from atm.errors import AtmError
from atm.people import Signatures, StaffMember
from atm.ports import Log
from credentials.credential_record import CredentialRecord
from credentials.errors import UnknownUserError
from credentials.store import CredentialStore

if TYPE_CHECKING:
    from atm.card.cards import Cards

_KIND = "card"


class NoCardsError(AtmError):
    """This machine asks for no cards."""

    sentence = "This machine asks for no cards: the setting card is off."


class CardActs:
    """Acts on the cards of one machine's customers, each logged with the signers' names."""

    def __init__(self, cards: Cards, store: CredentialStore, audit: Log) -> None:
        """Use *cards* to register, and the records in *store*."""
        self._cards = cards
        self._store = store
        self._audit = audit

    def block(self, username: str, *, staff: StaffMember) -> None:
        """Block a customer's card: they cannot log in until they have another one.

        Raises:
            UnknownUserError: If there is no such customer.
            AtmError: If the customer has no card.
        """
        record = self._record(username)
        if record.card is None:
            raise AtmError("This customer has no card.")
        card = replace(RegisteredCard.parse(record.card), blocked=True)
        self._save(record, card, "block", [staff.name])

    def replace(
        self, username: str, *, signed: Signatures, cancel: threading.Event | None = None
    ) -> None:
        """Register the card in the reader as the customer's only one; it blocks.

        Args:
            username: The customer's.
            signed: Who sign.
            cancel: Set it to stop waiting for the card.

        Raises:
            UnknownUserError: If there is no such customer.
            CardError: If the card made no credential; the old card is kept then.
            StaleRecordError: If the record was changed meanwhile.
        """
        record = self._record(username)
        card = self._cards.register(record.customer_id, cancel)
        self._save(record, card, "replace", signed.names)

    def _record(self, username: str) -> CredentialRecord:
        record = self._store.get(username)
        if record is None:
            raise UnknownUserError(username)
        return record

    def _save(
        self, record: CredentialRecord, card: RegisteredCard, act: str, names: list[str]
    ) -> None:
        customer_id = record.customer_id
        self._audit.append(_KIND, step="begun", act=act, customer=customer_id, staff=names)
        self._store.replace(replace(record, card=card.text), instead_of=record)
        mac = self._store.record_mac(customer_id)
        self._audit.append(
            _KIND, step="done", act=act, customer=customer_id, staff=names, record=mac, anchor=True
        )
