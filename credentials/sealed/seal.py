"""MACs that bind the content of rows and files to this machine's key."""

import hashlib
import hmac
import json

_KEY_BYTES = 32
MAC_BYTES = 32

Value = str | int | float | bytes | None


class Seal:
    """Makes and checks MACs (HMAC-SHA256); safe to use from several threads."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        """Use *key*, 32 secret bytes that are not kept beside what is sealed.

        Raises:
            ValueError: If it has another length.
        """
        if len(key) != _KEY_BYTES:
            raise ValueError(f"the sealing key has {len(key)} bytes, not {_KEY_BYTES}")
        self._key = key

    def mac(self, purpose: str, *values: Value) -> bytes:
        """Return the MAC, 32 bytes, of *values* in their order, for one *purpose*.

        The values are encoded so that no two different lists have the same message.
        """
        plain = [["b", each.hex()] if isinstance(each, bytes) else each for each in values]
        message = json.dumps([purpose, *plain], separators=(",", ":"), allow_nan=False)
        return hmac.digest(self._key, message.encode("ascii"), hashlib.sha256)

    def check(self, mac: object, purpose: str, *values: Value) -> bool:
        """Return whether *mac* is the MAC of *values* for *purpose*."""
        try:
            return isinstance(mac, bytes) and hmac.compare_digest(mac, self.mac(purpose, *values))
        except ValueError:  # infinity or NaN, which this program never writes
            return False
