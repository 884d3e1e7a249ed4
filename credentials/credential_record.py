"""Record of one customer, and how a store keeps it."""

import re
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from credentials.errors import PolicyError
from credentials.policy import normalise_full_name, normalise_username
from credentials.sealed.files import JsonObject

_CUSTOMER_ID = re.compile(r"[0-9a-f]{32}")
_TEMPLATE_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")  # it becomes a file name
_EXCUSED = re.compile(r"[a-z_]{1,40}(,[a-z_]{1,40}){0,9}")
ATTENDED = "attended"
"""The way of being served without the face: a member of staff is present and signs in."""
_LONGEST_HASH = 256
_LONGEST_LATER = 100
_LONGEST_CARD = 700


@dataclass(frozen=True, slots=True)
class CredentialRecord:
    """Record of one customer: names, PIN hash, consent; without the face and the account.

    Attributes:
        customer_id: 32 lower-case hexadecimal digits, random; never changes.
        username: As `normalise_username` returns it.
        full_name: As `normalise_full_name` returns it.
        pin_hash: Argon2id hash bound to `customer_id`, None while there is no PIN.
        template_id: Names the template in the gallery, None while there is no face: 1 to 64
            letters, digits, ``-`` and ``_``.
        consent_at: When the customer consented to the storage of their data, and of their face if
            there is one, ISO 8601 in UTC.
        created_at: When the record was made, ISO 8601 in UTC.
        excused: Movements of the liveness check that the customer cannot make, with commas between;
            None if there are none.
        network: Name of the face network that made the template, where it is recorded.
        card: The customer's FIDO2 card, as `atm.card.result.RegisteredCard.text`.
        language: Code of the language that the customer chose.
        consent_version: Version of the text that the customer consented to.
        keep_until: When the record must be deleted, ISO 8601 in UTC.
        without_face: `ATTENDED` if the customer may be served without the face.

    The last six are None where they are not known, and then do not stand in the file.
    """

    customer_id: str
    username: str
    full_name: str
    pin_hash: str | None
    template_id: str | None
    consent_at: str | None
    created_at: str
    excused: str | None = None
    network: str | None = None
    card: str | None = None
    language: str | None = None
    consent_version: str | None = None
    keep_until: str | None = None
    without_face: str | None = None

    @property
    def pending(self) -> bool:
        """Whether PIN or face is still missing, so that no login with both can succeed yet."""
        return self.pin_hash is None or self.template_id is None

    @property
    def attended(self) -> bool:
        """Whether the customer may be served by PIN beside a member of staff."""
        return self.without_face == ATTENDED and self.pin_hash is not None


LATER_FIELDS = ("network", "card", "language", "consent_version", "keep_until", "without_face")
"""Fields that a record without them does not have on the disk."""
_FIELDS = {field.name: field.type is not str for field in fields(CredentialRecord)}


def plain(record: CredentialRecord) -> JsonObject:
    """Return what a store keeps of *record*; `read_record` reads that."""
    found = {name: getattr(record, name) for name in _FIELDS}
    return {name: each for name, each in found.items() if each or name not in LATER_FIELDS}


def read_record(entry: JsonObject, number: int) -> CredentialRecord:
    """Return the record that `plain` made *entry* of.

    Raises:
        ValueError: If a field is missing, unknown or malformed; the text names record *number*.
    """
    if entry.keys() | LATER_FIELDS != _FIELDS.keys():
        raise ValueError(f"record {number} has missing or unknown fields")
    values: dict[str, str | None] = {}
    for name, value in entry.items():
        optional = _FIELDS[name] and name not in LATER_FIELDS
        if not isinstance(value, str) and not (value is None and optional):
            raise ValueError(f"record {number} has a wrong type in {name}")
        values[name] = value
    record = CredentialRecord(**values)  # type: ignore[arg-type]
    if not well_formed(record):
        raise ValueError(f"record {number} has a malformed field")
    return record


def well_formed(record: CredentialRecord) -> bool:
    """Return whether every field is as `CredentialRecord` says."""
    try:
        return (
            _CUSTOMER_ID.fullmatch(record.customer_id) is not None
            and normalise_username(record.username) == record.username
            and normalise_full_name(record.full_name) == record.full_name
            and (record.pin_hash is None or 0 < len(record.pin_hash) <= _LONGEST_HASH)
            and (
                record.template_id is None or _TEMPLATE_ID.fullmatch(record.template_id) is not None
            )
            and (record.consent_at is None or _is_utc(record.consent_at))
            and _is_utc(record.created_at)
            and (record.excused is None or _EXCUSED.fullmatch(record.excused) is not None)
            and all(_is_short(getattr(record, each), each) for each in LATER_FIELDS)
            and (record.keep_until is None or _is_utc(record.keep_until))
            and record.without_face in (None, ATTENDED)
        )
    except PolicyError:
        return False


def _is_short(text: str | None, name: str) -> bool:
    longest = _LONGEST_CARD if name == "card" else _LONGEST_LATER
    return text is None or (0 < len(text) <= longest and text.isprintable())


def _is_utc(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).utcoffset() == timedelta(0)
    except ValueError:
        return False
