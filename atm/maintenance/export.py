"""Export of all data kept about one customer, for that customer."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date

from atm.accounts.money import to_minor
from atm.consent import ConsentVersion
from atm.ports import Accounts, Faces
from credentials.credential_record import CredentialRecord

Entry = Mapping[str, object]

_EVERY = 2**62  # more lines than any account has
_INNER = frozenset({"mac", "previous", "record", "stores", "score", "threshold"})
_WITHHELD = frozenset({"suspected fraud"})
_NAMES_SOMEBODY = frozenset({"customer", "face_of"})


def export(
    record: CredentialRecord,
    ledger: Accounts,
    gallery: Faces,
    log: Callable[[], Iterable[Entry]],
    currency: str,
    last_used: date | None = None,
) -> dict[str, object]:
    """Return the data of the customer with *record*, ready for `json.dumps`.

    The PIN hash, the template and the pictures are left out: the first two would allow tries of
    PINs and faces. The number of pictures and their date are given. Other customers in log entries
    stay unnamed. Suspected fraud, which staff investigate, is left out: the suspect may be the one
    who asks for the export.

    Args:
        record: The customer's record.
        ledger: For the account.
        gallery: For the pictures.
        log: Returns the entries of the log, oldest first.
        currency: Of the account, ISO 4217.
        last_used: Day of the last login, in UTC, where it is kept.

    Raises:
        Exception: What the stores raise; nothing is returned then, for it would be incomplete.
    """
    entries = [
        each
        for each in log()
        if record.customer_id in _texts(each) and each.get("kind") not in _WITHHELD
    ]
    return {
        "customer": {
            "id": record.customer_id,
            "username": record.username,
            "full name": record.full_name,
            "since": record.created_at,
            "has a PIN": record.pin_hash is not None,
            "has a card": record.card is not None,
            "served without the face": record.without_face is not None,
            "last used": None if last_used is None else last_used.isoformat(),
        },
        "consent to the keeping of the face": None if _faceless(record) else record.consent_at,
        "consent to the keeping of the other data": record.consent_at,
        "text of the consent": _consent(record),
        "face": _face(record, gallery, entries),
        "account": _account(record.customer_id, ledger, currency),
        "log": [_plain(each, record.customer_id) for each in entries],
    }


def _consent(record: CredentialRecord) -> dict[str, object] | str:
    found = ConsentVersion.read(record.consent_version)
    if found is None:
        return "version unknown"
    return {
        "version": found.number,
        "language": found.language,
        "days without use until deletion": found.keep_days or None,
        "SHA-256": found.sha256,
    }


def _faceless(record: CredentialRecord) -> bool:
    return record.template_id is None and record.without_face is not None


def _face(
    record: CredentialRecord, gallery: Faces, entries: Sequence[Entry]
) -> dict[str, object] | None:
    """Return the number of pictures and the time of the last capture."""
    if record.template_id is None:
        return None
    taken = [each["at"] for each in entries if each.get("kind") in ("enrolment", "face")]
    return {
        "pictures": len(gallery.load_captures(record.template_id, record.customer_id)),
        "taken": taken[-1] if taken else record.created_at,
        "numbers made from them": True,
    }


def _account(customer_id: str, ledger: Accounts, currency: str) -> dict[str, object] | None:
    if not ledger.has_account(customer_id):
        return None
    return {
        "currency": currency,
        "minor units in one unit": to_minor(1, currency),
        "balance in minor units": ledger.balance(customer_id),
        "on hold, in minor units": [
            {"at": each.at.isoformat(), "amount": each.amount_minor, "reference": each.reference}
            for each in ledger.open_holds()
            if each.customer_id == customer_id
        ],
        "transactions": [
            {
                "at": each.at.isoformat(),
                "kind": each.kind,
                "amount in minor units": each.amount_minor,
                "currency": currency,
                "minor units in one unit": to_minor(1, currency),
                "balance in minor units": each.balance_minor,
                "reference": each.reference,
            }
            for each in ledger.transactions(customer_id, _EVERY)
        ],
    }


def _plain(entry: Entry, customer_id: str) -> dict[str, object]:
    def shown(name: str, value: object) -> object:
        other = name in _NAMES_SOMEBODY and value is not None and value != customer_id
        return "another customer" if other else value

    return {name: shown(name, value) for name, value in entry.items() if name not in _INNER}


def _texts(entry: Entry) -> set[str]:
    """Return all texts in *entry*, with those in its lists."""
    lists = [each if isinstance(each, list) else [each] for each in entry.values()]
    return {text for each in lists for text in each if isinstance(text, str)}
