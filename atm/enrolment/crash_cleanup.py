"""Removes files of enrolments that a crash interrupted before the commit."""

import contextlib

from atm.accounts.accounts import OpenHoldError
from atm.accounts.ledger import Ledger
from atm.ports import Commit, Log
from credentials.store import JsonStore
from face_auth.gallery import Gallery


def remove_unfinished_enrolments(
    store: JsonStore, gallery: Gallery, ledger: Ledger, audit: Log, commit: Commit
) -> int:
    """Remove templates and accounts without a credential record; return their number.

    Call it at start-up. Accounts of records that a restore may have lost stay.
    """
    return commit(lambda: _remove(store, gallery, ledger, audit))


def _remove(store: JsonStore, gallery: Gallery, ledger: Ledger, audit: Log) -> int:
    removed = 0
    store.remove_partials()
    gallery.remove_partials()
    records = store.all()
    for template_id in gallery.ids() - {r.template_id for r in records}:
        gallery.remove(template_id)
        removed += 1
    enrolled = {r.customer_id for r in records if r.consent_at is not None}
    ownerless = ledger.customer_ids() - enrolled
    for customer_id in ownerless - (_lost(audit) if ownerless else set()):
        with contextlib.suppress(OpenHoldError):  # staff settle it first
            ledger.remove_account(customer_id)
            removed += 1
    return removed


def _lost(audit: Log) -> set[str]:
    """Return the ids of customers whose records a restore may have lost, by the log."""
    enrolled, lost = set[str](), set[str]()
    for entry in audit.entries():
        kind, customer = entry.get("kind"), str(entry.get("customer"))
        if kind == "enrolment" and entry.get("step") == "done":
            enrolled.add(customer)
        elif kind == "delete":
            enrolled.discard(customer)
            lost.discard(customer)
        elif kind == "restore":
            lost |= enrolled
    return lost
