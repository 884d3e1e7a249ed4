"""PIN hashes: Argon2id over an HMAC that binds the PIN to its owner and to this machine's key."""

import hashlib
import hmac
import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError, VerifyMismatchError

from credentials.errors import CredentialError

_PEPPER_BYTES = 32
_DECOY_ID = "decoy"


class PinHasher:
    """Makes and checks PIN hashes; safe to use from several threads."""

    def __init__(self, pepper: bytes, hasher: PasswordHasher | None = None) -> None:
        """Use *pepper* (32 secret bytes, not kept beside the hashes) and Argon2id.

        Args:
            pepper: Key of the HMAC.
            hasher: Other costs than argon2-cffi's defaults; for tests.

        Raises:
            ValueError: If *pepper* has another length.
        """
        if len(pepper) != _PEPPER_BYTES:
            raise ValueError(f"the pepper has {len(pepper)} bytes, not {_PEPPER_BYTES}")
        self._pepper = pepper
        self._hasher = hasher or PasswordHasher()
        self._decoy: str | None = None
        self._decoy_lock = threading.Lock()

    def hash(self, customer_id: str, pin: str) -> str:
        """Return a fresh, salted Argon2id hash of *pin* that verifies for *customer_id* only.

        Raises:
            CredentialError: If Argon2 fails (no memory).
        """
        try:
            return self._hasher.hash(self._bound(customer_id, pin))
        except Argon2Error as error:
            raise CredentialError(f"The PIN could not be hashed: {error}.") from error

    def verify(self, pin_hash: str, customer_id: str, pin: str) -> bool:
        """Return whether *pin* is the one that *pin_hash* was made from, for the same customer.

        Raises:
            CredentialError: If *pin_hash* is no Argon2 hash, or Argon2 fails: no decision.
        """
        bound = self._bound(customer_id, pin)
        try:
            return self._hasher.verify(pin_hash, bound)
        except VerifyMismatchError:
            return False
        except (Argon2Error, InvalidHashError, UnicodeEncodeError) as error:
            raise CredentialError("A stored PIN hash is damaged.") from error

    @property
    def decoy(self) -> str:
        """A hash that no PIN matches, to verify against when there is no record.

        An unknown name then takes as long as a known one. It is made at the first use, which
        takes as long as one hash: ask for it once before customers come.
        """
        with self._decoy_lock:
            if self._decoy is None:
                self._decoy = self.hash(_DECOY_ID, secrets.token_hex(32))
            return self._decoy

    def _bound(self, customer_id: str, pin: str) -> str:
        if "\0" in customer_id:  # it separates the two
            raise ValueError("a customer id has no NUL")
        message = f"{customer_id}\0{pin}".encode("utf-8", "surrogatepass")
        return hmac.new(self._pepper, message, hashlib.sha256).hexdigest()
