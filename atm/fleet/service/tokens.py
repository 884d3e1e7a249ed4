"""Encrypted tokens in which kiosks keep the service's state for it.

A token holds what the service wrote into it, for one purpose, one kiosk and a limited time; the
kiosk cannot read it. All tokens of one purpose have the same length, whatever they hold.
"""

import base64
import binascii
import hmac
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NAME_BYTES = 4
_NONCE_BYTES = 12
_PLAIN_BYTES = 1024  # a name has 64 characters of up to 4 bytes, a camera's 100
_LONGEST = 1800


class TokenError(ValueError):
    """The token is not the service's, is for another purpose or kiosk, or has expired."""


class Tokens:
    """Makes and opens tokens; safe to use from several threads."""

    def __init__(
        self, keys: Callable[[], Sequence[bytes]], clock: Callable[[], float] = time.time
    ) -> None:
        """Use the current keys whenever a token is made or opened.

        Args:
            keys: Returns keys of 32 bytes: the first one encrypts, the others only decrypt.
            clock: Seconds since the epoch, the same for all copies of the service.
        """
        self._keys = keys
        self._clock = clock

    def make(self, purpose: str, kiosk: str, lasts_s: float, says: Mapping[str, Any]) -> str:
        """Return a token.

        Args:
            purpose: What it is for.
            kiosk: The kiosk that may send it back.
            lasts_s: For how many seconds it is valid.
            says: Its content: texts, numbers and truth values.

        Raises:
            ValueError: If the content is too long.
        """
        now = self._clock()
        plain = json.dumps(
            {**says, "made": now, "until": now + lasts_s}, ensure_ascii=False
        ).encode("utf-8")
        if len(plain) > _PLAIN_BYTES:
            raise ValueError("the content of a token is too long")
        newest = self._keys()[0]
        nonce = os.urandom(_NONCE_BYTES)
        sealed = AESGCM(newest).encrypt(nonce, plain.ljust(_PLAIN_BYTES), _bound(purpose, kiosk))
        return base64.urlsafe_b64encode(_name(newest) + nonce + sealed).decode("ascii")

    def open(self, purpose: str, kiosk: str, token: str) -> dict[str, Any]:
        """Return the content of *token*, with `made` and `until` in seconds since the epoch.

        Raises:
            TokenError: If the token is not valid, or not any more.
        """
        if len(token) > _LONGEST:
            raise TokenError("not a token of this service")
        try:
            data = base64.b64decode(token, altchars=b"-_", validate=True)
            name, nonce = data[:_NAME_BYTES], data[_NAME_BYTES : _NAME_BYTES + _NONCE_BYTES]
            key = next(each for each in self._keys() if _name(each) == name)
            sealed = data[_NAME_BYTES + _NONCE_BYTES :]
            plain = AESGCM(key).decrypt(nonce, sealed, _bound(purpose, kiosk))
        except (binascii.Error, StopIteration, InvalidTag, ValueError) as error:
            raise TokenError("not a token of this service") from error
        says: dict[str, Any] = json.loads(plain)
        if not says["made"] - 5.0 <= self._clock() <= says["until"]:  # copies differ by moments
            raise TokenError("the token is out of date")
        return says

    def age_s(self, says: Mapping[str, Any]) -> float:
        """Return how many seconds ago the token with the content *says* was made."""
        return max(0.0, self._clock() - float(says["made"]))


def _name(key: bytes) -> bytes:
    return hmac.digest(key, b"two-factor-atm name of this key", "sha256")[:_NAME_BYTES]


def _bound(purpose: str, kiosk: str) -> bytes:
    return f"{purpose}\0{kiosk}".encode()
