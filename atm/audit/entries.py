"""Format of one log entry: allowed fields, its line, its MAC, and the next key.

Names of staff and amounts of money stand encrypted in the field ``sealed`` (AES-256-GCM, the
entry's number and kind as associated data). Customers are named by their ids alone.
"""

import hashlib
import hmac
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from atm.errors import AtmError
from credentials.sealed.files import JsonObject

KEY_BYTES = 32
NO_MAC = "0" * 64
"""The previous MAC that the very first entry names."""
LONGEST_LINE = 65536

_LONGEST_TEXT = 1000
_LONGEST_LIST = 50
_OWN_NAMES = frozenset(
    {"n", "at", "kind", "stores", "previous", "mac", "repeated", "pin", "sealed"}
)
_SECRET = frozenset({"staff", "name", "names", "removed", "amount", "balance"})
_NONCE_BYTES = 12
_LINE = re.compile(
    rb'(\{"n": ([1-9][0-9]{0,14}), "at": .*, "previous": "([0-9a-f]{64})"), '
    rb'"mac": "([0-9a-f]{64})"\}'
)

Fields = Mapping[str, object]


class AuditError(AtmError):
    """The log cannot be written, read or trusted; an act that was to be logged must not happen."""


@dataclass(frozen=True, slots=True)
class Line:
    """Parsed line with the form of an entry; `genuine` checks its MAC.

    Attributes:
        n: Its running number, from 1.
        previous: The MAC before it, 64 lower-case hexadecimal digits.
        mac: Its own.
        body: The bytes under the MAC: all of the line but the MAC itself.
    """

    n: int
    previous: str
    mac: str
    body: bytes

    def genuine(self, key: bytes) -> bool:
        """Return whether the MAC was made with *key*."""
        return hmac.compare_digest(self.mac, _mac(key, self.body))


def make_line(
    key: bytes,
    n: int,
    at: str,
    kind: str,
    fields: Fields,
    stores: Mapping[str, int],
    previous: str,
) -> tuple[bytes, str]:
    """Return the line of an entry, without its line end, and its MAC.

    Raises:
        ValueError: If the line would be longer than 64 KiB, or a number is not finite.
    """
    entry = {"n": n, "at": at, "kind": kind, **fields, "stores": dict(stores)}
    text = json.dumps(entry | {"previous": previous}, allow_nan=False)
    body = text[:-1].encode("ascii")
    mac = _mac(key, body)
    line = body + f', "mac": "{mac}"}}'.encode("ascii")
    if len(line) > LONGEST_LINE:
        raise ValueError("the entry is too long for the log")
    return line, mac


def seal_fields(key: bytes, n: int, kind: str, fields: Fields) -> dict[str, object]:
    """Return *fields* with names of people and amounts encrypted.

    These are ``staff``, ``name``, ``removed`` and ``names`` (where that is no number), ``amount``,
    ``balance``, and all that end with ``_minor``.

    Args:
        key: The reading key, 32 bytes.
        n: Number of the entry.
        kind: Its kind.
        fields: Its fields.
    """
    secret = {name: value for name, value in fields.items() if _is_secret(name, value)}
    public = {name: value for name, value in fields.items() if name not in secret}
    if not secret:
        return public
    nonce = os.urandom(_NONCE_BYTES)
    plain = json.dumps(secret, allow_nan=False).encode("ascii")
    return public | {"sealed": (nonce + AESGCM(key).encrypt(nonce, plain, _place(n, kind))).hex()}


def open_fields(key: bytes, entry: JsonObject) -> JsonObject:
    """Return *entry* with its encrypted fields in the place of ``sealed``, if *key* opens them."""
    sealed = entry.get("sealed")
    if not key or not isinstance(sealed, str):
        return entry
    try:
        data = bytes.fromhex(sealed)
        place = _place(cast(int, entry.get("n")), str(entry.get("kind")))
        plain = AESGCM(key).decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], place)
    except (InvalidTag, ValueError):
        return entry
    opened: JsonObject = {}
    for name, value in entry.items():
        opened |= json.loads(plain) if name == "sealed" else {name: value}
    return opened


def parse_line(line: bytes) -> Line | None:
    """Return the parts of *line*, None if it cannot be an entry."""
    found = _LINE.fullmatch(line)
    if found is None:
        return None
    body, n, previous, mac = found.groups()
    return Line(int(n), previous.decode("ascii"), mac.decode("ascii"), body)


def next_key(key: bytes) -> bytes:
    """Return the key that follows *key*, by a one-way function."""
    return hmac.digest(key, b"next", "sha256")  # no body of an entry reads so


def digest(line: bytes) -> str:
    """Return the SHA-256 of *line* in hexadecimal digits."""
    return hashlib.sha256(line).hexdigest()


def check_field(name: str, value: object) -> None:
    """Check a field of an entry: a text, number, truth value, None, or a short list of these.

    Raises:
        ValueError: If its name is one of the log's own, ``pin`` or ``..._pin``, or it holds
            anything else.
    """
    if name in _OWN_NAMES or name.endswith("_pin"):
        raise ValueError(f"no field of the log may be called {name}")
    values = value if isinstance(value, list | tuple) else [value]
    if len(values) > _LONGEST_LIST:
        raise ValueError(f"the field {name} is too long for the log")
    for each in values:
        if each is not None and not isinstance(each, str | int | float):
            raise ValueError(f"the field {name} holds {type(each).__name__}, which is not logged")
        if isinstance(each, str) and len(each) > _LONGEST_TEXT:
            raise ValueError(f"the field {name} is too long for the log")
        if isinstance(each, float) and not abs(each) < float("inf"):
            raise ValueError(f"the field {name} is not a finite number")


def _is_secret(name: str, value: object) -> bool:
    if name == "names" and isinstance(value, int):  # how many
        return False
    return value is not None and (name in _SECRET or name.endswith("_minor"))


def _place(n: int, kind: str) -> bytes:
    return f"{n} {kind}".encode("utf-8", "surrogatepass")


def _mac(key: bytes, body: bytes) -> str:
    return hmac.digest(key, body, "sha256").hex()
