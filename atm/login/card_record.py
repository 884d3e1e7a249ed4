"""What a login leaves of the card: its new signature counter, and a counter that was set back."""

from dataclasses import replace

from atm.card.result import CardError, CardReason, CardResult, RegisteredCard
from atm.ports import Log
from credentials.store import CredentialStore

COUNTER = "card counter"
"""Kind of the log's entry for a new signature counter."""


def log_set_back(audit: Log, card: object) -> None:
    """Log a signature counter that was set back: somebody may have copied the card."""
    if isinstance(card, CardResult) and card.reason is CardReason.SET_BACK:
        audit.append("card counter set back", customer=card.customer_id)


def keep_counter(store: CredentialStore, audit: Log, card: object) -> None:
    """Keep the new signature counter in the record; nobody is admitted unless this returns.

    Raises:
        CardError: If the card was blocked, replaced or used by another login meanwhile.
        StaleRecordError: If the record was changed meanwhile.
        AuditError, StoreError: If it cannot be kept.
    """
    if not (isinstance(card, CardResult) and card.customer_id and card.card is not None):
        return
    record = store.by_id(card.customer_id)
    old = None if record is None or record.card is None else RegisteredCard.parse(record.card)
    if record is None or old is None or replace(card.card, counter=old.counter) != old:
        raise CardError("The card was changed during the login.")
    if not (card.card.counter or old.counter):
        return
    if card.card.counter <= old.counter:
        raise CardError("The card was used by another login meanwhile.")
    audit.append(COUNTER, step="begun", customer=record.customer_id)
    store.replace(replace(record, card=card.card.text), instead_of=record)
    mac = store.record_mac(record.customer_id)
    audit.append(COUNTER, step="done", customer=record.customer_id, record=mac)
