"""MACs that bind the content of rows and files to this machine's key, and their encryption."""

import hashlib
import hmac
import json

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEY_BYTES = 32
MAC_BYTES = 32
_NONCE_BYTES = 12
_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False)

Value = str | int | float | bytes | None


class Seal:
    """Makes and checks MACs (HMAC-SHA256) and encrypts; safe to use from several threads.

    Attributes:
        database_key: For SQLCipher, 64 hexadecimal digits.
    """

    __slots__ = ("_cipher", "_key", "database_key")

    def __init__(self, key: bytes) -> None:
        """Use *key*, 32 secret bytes that are not kept beside what is sealed.

        Raises:
            ValueError: If it has another length.
        """
        if len(key) != _KEY_BYTES:
            raise ValueError(f"the sealing key has {len(key)} bytes, not {_KEY_BYTES}")
        self._key = key
        # No message of a MAC begins like these: they are JSON lists.
        self._cipher = AESGCM(hmac.digest(key, b"two-factor-atm fields", hashlib.sha256))
        self.database_key = hmac.digest(key, b"two-factor-atm databases", hashlib.sha256).hex()

    def encrypt(self, text: str, mac: bytes, owner: str) -> str:
        """Return *text* encrypted (AES-256-GCM) for its *owner*, in hexadecimal digits.

        Args:
            text: What nobody without the key may read.
            mac: A MAC of this key over *text*, *owner* and whatever else tells this text from all
                others. Its first bytes are the nonce, so the same text is always encrypted alike,
                and two texts have the same nonce with a chance of 2**-96 (Rogaway and Shrimpton,
                "Deterministic Authenticated-Encryption", 2006).
            owner: The id of the record that *text* belongs to: associated data.
        """
        nonce = mac[:_NONCE_BYTES]
        return self._cipher.encrypt(nonce, text.encode("utf-8"), owner.encode("utf-8")).hex()

    def decrypt(self, sealed: str, mac: bytes, owner: str) -> str:
        """Return the text that `encrypt` was given.

        Raises:
            ValueError: If it is not the encrypted text of this key, MAC and owner.
        """
        nonce, data = mac[:_NONCE_BYTES], bytes.fromhex(sealed)
        try:
            plain = self._cipher.decrypt(nonce, data, owner.encode("utf-8"))
        except InvalidTag as error:
            raise ValueError("it was altered, or encrypted for another record") from error
        return plain.decode("utf-8")

    def mac(self, purpose: str, *values: Value) -> bytes:
        """Return the MAC, 32 bytes, of *values* in their order, for one *purpose*.

        The values are encoded so that no two different lists have the same message.
        """
        plain = [["b", each.hex()] if isinstance(each, bytes) else each for each in values]
        message = _ENCODER.encode([purpose, *plain])
        return hmac.digest(self._key, message.encode("ascii"), hashlib.sha256)

    def check(self, mac: object, purpose: str, *values: Value) -> bool:
        """Return whether *mac* is the MAC of *values* for *purpose*."""
        try:
            return isinstance(mac, bytes) and hmac.compare_digest(mac, self.mac(purpose, *values))
        except ValueError:  # infinity or NaN, which this program never writes
            return False
