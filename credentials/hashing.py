"""PIN hashes: Argon2id over an HMAC that binds the PIN to its owner and to this machine's key.

A hash begins with the name of the pepper it was made with (`k1a2b3c4$argon2id$...`): after a change
of the machine's key the old pepper must stay until the customer's next good login, because a new
hash needs the PIN. A hash that was moved from another store, where the customer had another id,
also names that id (`k1a2b3c4@<32 hexadecimal digits>$argon2id$...`).
"""

import hashlib
import hmac
import re
import secrets
import threading
from collections.abc import Iterable

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError, VerifyMismatchError

from credentials.errors import CredentialError

_PEPPER_BYTES = 32
_DECOY_ID = "decoy"
_HASH = re.compile(r"(k[0-9a-f]{8})(?:@([0-9a-f]{32}))?(\$argon2id\$[!-~]+)")


class PinHasher:
    """Makes and checks PIN hashes; safe to use from several threads."""

    def __init__(
        self, pepper: bytes, hasher: PasswordHasher | None = None, *, older: Iterable[bytes] = ()
    ) -> None:
        """Use *pepper* (32 secret bytes, not kept beside the hashes) and Argon2id.

        Args:
            pepper: Key of the HMAC of every new hash.
            hasher: Replaces argon2-cffi's default costs in tests.
            older: Peppers of former keys, only to check hashes that were made with them.

        Raises:
            ValueError: If a pepper has another length.
        """
        self._newest = pepper_name(pepper)
        self._peppers = {pepper_name(each): each for each in (*older, pepper)}
        self._hasher = hasher or PasswordHasher()
        self._decoy: str | None = None
        self._decoy_lock = threading.Lock()

    def hash(self, customer_id: str, pin: str) -> str:
        """Return a fresh, salted Argon2id hash of *pin* that verifies for *customer_id* only.

        Raises:
            CredentialError: If Argon2 fails (no memory).
        """
        try:
            made = self._hasher.hash(_bound(self._peppers[self._newest], customer_id, pin))
        except Argon2Error as error:
            raise CredentialError(f"The PIN could not be hashed: {error}.") from error
        return self._newest + made

    def verify(self, pin_hash: str, customer_id: str, pin: str) -> bool:
        """Return whether *pin_hash* was made from *pin* for the same customer.

        Raises:
            CredentialError: If *pin_hash* is malformed, its key is not here, or Argon2 fails; there
                is no decision then.
        """
        name, former_id, argon2_hash = _parts(pin_hash)
        if former_id is not None and name == self._newest:  # no hash is moved here under it
            raise CredentialError("A stored PIN hash is damaged.")
        pepper = self._peppers.get(name)
        if pepper is None:
            raise CredentialError(
                "A stored PIN hash was made with a key that is not here;"
                " restore the newest backup of the key."
            )
        bound = _bound(pepper, former_id or customer_id, pin)
        try:
            return self._hasher.verify(argon2_hash, bound)
        except VerifyMismatchError:
            return False
        except (Argon2Error, InvalidHashError) as error:
            raise CredentialError("A stored PIN hash is damaged.") from error

    def is_outdated(self, pin_hash: str) -> bool:
        """Return whether to hash again, now that the right PIN for *pin_hash* was typed.

        Raises:
            CredentialError: If *pin_hash* is malformed.
        """
        name, _, argon2_hash = _parts(pin_hash)
        try:
            return name != self._newest or self._hasher.check_needs_rehash(argon2_hash)
        except InvalidHashError as error:
            raise CredentialError("A stored PIN hash is damaged.") from error

    def knows_former(self, pin_hash: str) -> bool:
        """Return whether *pin_hash* was made with one of the older peppers.

        Raises:
            CredentialError: If *pin_hash* is malformed.
        """
        name = made_with(pin_hash)
        return name in self._peppers and name != self._newest

    @property
    def decoy(self) -> str:
        """A hash that no PIN matches, to verify against when there is no record.

        An unknown name then takes as long as a known one. It is made at the first use, which
        takes as long as one hash, so read it once before customers come.
        """
        with self._decoy_lock:
            if self._decoy is None:
                self._decoy = self.hash(_DECOY_ID, secrets.token_hex(32))
            return self._decoy


def pepper_name(pepper: bytes) -> str:
    """Return the nine characters by which a hash names *pepper*; they reveal nothing else.

    Raises:
        ValueError: If *pepper* does not have 32 bytes.
    """
    if len(pepper) != _PEPPER_BYTES:
        raise ValueError(f"the pepper has {len(pepper)} bytes, not {_PEPPER_BYTES}")
    return "k" + hmac.digest(pepper, b"two-factor-atm name of this pepper", "sha256")[:4].hex()


def made_with(pin_hash: str) -> str:
    """Return the name of the pepper that *pin_hash* was made with.

    Raises:
        CredentialError: If *pin_hash* is malformed.
    """
    return _parts(pin_hash)[0]


def moved_from(pin_hash: str, customer_id: str) -> str:
    """Return *pin_hash* in the form for another store, where its owner gets another id.

    Args:
        pin_hash: As `PinHasher.hash` made it; one that was moved before stays as it is.
        customer_id: The owner's id so far, 32 lower-case hexadecimal digits.

    Raises:
        CredentialError: If *pin_hash* is malformed.
        ValueError: If *customer_id* is malformed.
    """
    name, former_id, argon2_hash = _parts(pin_hash)
    if former_id is not None:
        return pin_hash
    moved = f"{name}@{customer_id}{argon2_hash}"
    if not _HASH.fullmatch(moved):
        raise ValueError("the id of a customer has 32 hexadecimal digits")
    return moved


def _parts(pin_hash: str) -> tuple[str, str | None, str]:
    """Return the pepper's name, the owner's former id or None, and the Argon2 hash."""
    found = _HASH.fullmatch(pin_hash)
    if not found:
        raise CredentialError("A stored PIN hash is damaged.")
    return found[1], found[2], found[3]


def _bound(pepper: bytes, customer_id: str, pin: str) -> str:
    if "\0" in customer_id:  # it separates the two
        raise ValueError("a customer id has no NUL")
    message = f"{customer_id}\0{pin}".encode("utf-8", "surrogatepass")
    return hmac.new(pepper, message, hashlib.sha256).hexdigest()
