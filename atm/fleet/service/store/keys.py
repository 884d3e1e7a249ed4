"""Keys of the service, in a file outside the database.

    {"version": 1, "namespace": UUID, "keys": [{"root": 64 hexadecimal digits, "from": ISO time}],
     "peppers": [64 hexadecimal digits]}

`peppers`, which may be missing, are those of machines whose customers were moved here: they check
PIN hashes and make none.

All keys are derived from the roots by HKDF-SHA256. The newest root whose time has come seals; the
others only open. A new root gets a time in the future, so that every copy of the service has read
it before any of them uses it: the file is checked once a second.
"""

import hmac
import json
import secrets
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from argon2 import PasswordHasher
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from atm.errors import AtmError
from credentials.errors import StoreError
from credentials.hashing import PinHasher
from credentials.policy import username_key
from credentials.sealed import files
from credentials.sealed.files import JsonObject, Signature
from credentials.sealed.seal import Seal, Value
from face_auth.gallery.sealed_faces import FaceSeal

KEY_BYTES: Final = 32
NAME_BYTES: Final = 4

_VERSION = 1
_LOOK_EVERY_S = 1.0


class ServiceKeysError(AtmError):
    """The service's keys cannot be used."""


@dataclass(frozen=True, slots=True)
class Root:
    """A root key, and the time from which it seals (seconds since the epoch)."""

    key: bytes
    since: float


class KeySet:
    """Keys derived from the roots at one moment; none of them is ever printed.

    Attributes:
        newest: Name of the root that seals, 4 bytes.
        hasher: Makes PIN hashes with the newest pepper, and checks all.
        faces: Encrypts `template`, `captures` and `mean`.
        token_keys: 32 bytes each, the newest first.
        decoy_key: 32 bytes, always of the first root, because a decoy must not change.
    """

    __slots__ = ("_seals", "decoy_key", "faces", "hasher", "newest", "token_keys", "until")

    def __init__(
        self,
        roots: list[Root],
        now: float,
        costs: PasswordHasher | None,
        peppers: Sequence[bytes] = (),
    ) -> None:
        """Derive the keys of *roots*, in the order they were made, for the time *now*.

        *peppers* are those of machines whose customers were moved here.
        """
        ready = [root for root in roots if root.since <= now]
        if not ready:
            raise ServiceKeysError("No key of the service may be used yet.")
        self.until = min((root.since for root in roots if root.since > now), default=float("inf"))
        first, last = roots[0].key, ready[-1].key
        others = [root.key for root in roots if root.key != last]
        self.newest = _name(last)
        self.hasher = PinHasher(
            _derive(last, "pin pepper"),
            costs,
            older=[*peppers, *(_derive(each, "pin pepper") for each in others)],
        )
        self.faces = {
            purpose: FaceSeal(
                purpose, _derive(last, purpose), older=[_derive(each, purpose) for each in others]
            )
            for purpose in ("template", "captures", "mean")
        }
        self._seals = {_name(root.key): Seal(_derive(root.key, "rows")) for root in roots}
        self.token_keys = tuple(_derive(each, "tokens") for each in (last, *others[::-1]))
        self.decoy_key = _derive(first, "decoys")

    def mac(self, purpose: str, *values: Value) -> bytes:
        """Return the newest root's name and its MAC of *values*, 36 bytes."""
        return self.newest + self._seals[self.newest].mac(purpose, *values)

    def check(self, mac: object, purpose: str, *values: Value) -> bool:
        """Return whether *mac* is the MAC of *values* by any root."""
        if not isinstance(mac, bytes):
            return False
        seal = self._seals.get(mac[:NAME_BYTES])
        return seal is not None and seal.check(mac[NAME_BYTES:], purpose, *values)


class KeyRing:
    """Keys of one key file, kept up to date; safe to use from several threads."""

    def __init__(
        self,
        path: Path,
        *,
        costs: PasswordHasher | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Read *path*; *costs* replaces argon2-cffi's defaults in tests.

        Raises:
            ServiceKeysError: If there is no such file, others may read it, or it is damaged.
        """
        self._path = path
        self._costs = costs
        self._clock = clock
        self._turn = threading.Lock()
        self._looked = time.monotonic()
        self._signature: Signature | None = None
        self.namespace, self._roots, self._peppers, self._signature = _read(path)
        self._set = KeySet(self._roots, clock(), costs, self._peppers)

    def current(self) -> KeySet:
        """Return the keys to use now.

        Raises:
            ServiceKeysError: If the file was changed and cannot be read.
        """
        with self._turn:
            if time.monotonic() - self._looked >= _LOOK_EVERY_S:
                self._look()
            now = self._clock()
            if now >= self._set.until:
                self._set = KeySet(self._roots, now, self._costs, self._peppers)
            return self._set

    def customer_id(self, username: str) -> str:
        """Return the customer id of *username*: UUIDv5 of its `username_key`.

        Raises:
            PolicyError: If it is not a possible username.
        """
        return uuid.uuid5(self.namespace, username_key(username)).hex

    def _look(self) -> None:
        try:
            signature = files.signature(self._path)
        except StoreError as error:
            raise ServiceKeysError(str(error)) from error
        if signature != self._signature:
            namespace, self._roots, self._peppers, self._signature = _read(self._path)
            if namespace != self.namespace:
                raise ServiceKeysError(f"The keys in {self._path} are another bank's.")
            self._set = KeySet(self._roots, self._clock(), self._costs, self._peppers)
        self._looked = time.monotonic()


def make_keys(path: Path) -> None:
    """Make the key file of a new bank, with its first key.

    Raises:
        ServiceKeysError: If there is a file already, or it cannot be written.
    """
    try:
        with files.locked(path):
            if path.exists():
                raise ServiceKeysError(f"There is a file {path} already; keys are never replaced.")
            _write(path, uuid.uuid4(), [_plain(time.time())], ())
    except StoreError as error:
        raise ServiceKeysError(str(error)) from error


def add_key(path: Path, seals_after_s: float) -> None:
    """Add a key that begins to seal in *seals_after_s* seconds, when every copy has read it.

    Raises:
        ServiceKeysError: If the file cannot be read or written.
    """
    try:
        with files.locked(path):
            namespace, roots, peppers, _ = _read(path)
            found = [_plain(root.since, root.key) for root in roots]
            _write(path, namespace, [*found, _plain(time.time() + seals_after_s)], peppers)
    except StoreError as error:
        raise ServiceKeysError(str(error)) from error


def add_peppers(path: Path, more: Sequence[bytes]) -> None:
    """Add the peppers of a machine's PIN hashes, before its customers are moved here.

    Args:
        path: The file.
        more: Peppers of 32 bytes; those that are there already stay.

    Raises:
        ServiceKeysError: If the file cannot be read or written.
    """
    try:
        with files.locked(path):
            namespace, roots, peppers, _ = _read(path)
            found = [_plain(root.since, root.key) for root in roots]
            _write(path, namespace, found, tuple(dict.fromkeys((*peppers, *more))))
    except StoreError as error:
        raise ServiceKeysError(str(error)) from error


def _plain(since: float, key: bytes | None = None) -> JsonObject:
    at = datetime.fromtimestamp(since, UTC)
    return {"root": (key or secrets.token_bytes(KEY_BYTES)).hex(), "from": at.isoformat()}


def _write(
    path: Path, namespace: uuid.UUID, keys: list[JsonObject], peppers: Sequence[bytes]
) -> None:
    document = {
        "version": _VERSION,
        "namespace": str(namespace),
        "keys": keys,
        "peppers": [each.hex() for each in peppers],
    }
    files.write_whole(path, json.dumps(document, indent=1).encode("ascii"))


def _read(path: Path) -> tuple[uuid.UUID, list[Root], tuple[bytes, ...], Signature]:
    try:
        found = files.read_json(path)
        if found is None:
            raise ServiceKeysError(f"The service's keys {path} are missing.")
        if path.stat().st_mode & 0o007:
            raise ServiceKeysError(f"Others may read the service's keys; run “chmod o= {path}”.")
    except (StoreError, OSError) as error:
        raise ServiceKeysError(str(error)) from error
    document, signature = found
    try:
        version, namespace, keys = (document[name] for name in ("version", "namespace", "keys"))
        more = document.get("peppers", [])
        if version != _VERSION or not isinstance(keys, list) or not isinstance(more, list):
            raise ValueError("it has another version")
        roots = [Root(bytes.fromhex(each["root"]), _epoch(each["from"])) for each in keys]
        if not roots or any(len(root.key) != KEY_BYTES for root in roots):
            raise ValueError("it has no key, or one of another length")
        peppers = tuple(bytes.fromhex(each) for each in more)
        if any(len(each) != KEY_BYTES for each in peppers):
            raise ValueError("a pepper has another length")
        return uuid.UUID(str(namespace)), roots, peppers, signature
    except (KeyError, TypeError, ValueError) as error:
        raise ServiceKeysError(f"The service's keys {path} are damaged.") from error


def _epoch(text: str) -> float:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time has no zone")
    return at.timestamp()


def _name(root: bytes) -> bytes:
    return hmac.digest(root, b"two-factor-atm name of this root", "sha256")[:NAME_BYTES]


def _derive(root: bytes, purpose: str) -> bytes:
    info = b"two-factor-atm service 1 " + purpose.encode()
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(root)
