"""Sealed box for one recipient: X25519, HKDF-SHA256, ChaCha20-Poly1305 (RFC 7748, 5869, 8439).

The recipient makes a key pair for one attempt and shows the public half. Whoever stores or logs the
box cannot open it afterwards, because both private halves are forgotten.
"""

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PUBLIC_BYTES: Final = 32

_NO_NONCE = bytes(12)  # each key seals once
_INFO = b"two-factor-atm envelope"


class SealedBoxError(ValueError):
    """The box is damaged, or for another recipient."""


def seal(plain: bytes, recipient: bytes, bound_to: bytes) -> bytes:
    """Return *plain* sealed for the owner of the public key *recipient*.

    Args:
        plain: What to seal.
        recipient: The public key, 32 bytes.
        bound_to: Associated data, which the recipient must give to open the box.

    Returns:
        48 bytes more than *plain*.

    Raises:
        SealedBoxError: If *recipient* is not a public key.
    """
    own = X25519PrivateKey.generate()
    try:
        shared = own.exchange(X25519PublicKey.from_public_bytes(recipient))
    except ValueError as error:
        raise SealedBoxError("this is not a public key") from error
    public = own.public_key().public_bytes_raw()
    return public + _cipher(shared, public, recipient).encrypt(_NO_NONCE, plain, bound_to)


class Recipient:
    """Key pair that opens one sealed box."""

    def __init__(self) -> None:
        """Make a fresh key pair."""
        self._own = X25519PrivateKey.generate()
        self.public = self._own.public_key().public_bytes_raw()

    def open(self, sealed: bytes, bound_to: bytes) -> bytes:
        """Return the plain text of the box *sealed*.

        Raises:
            SealedBoxError: If it is damaged, for another recipient, or bound to something else.
        """
        try:
            public, body = sealed[:PUBLIC_BYTES], sealed[PUBLIC_BYTES:]
            shared = self._own.exchange(X25519PublicKey.from_public_bytes(public))
            return _cipher(shared, public, self.public).decrypt(_NO_NONCE, body, bound_to)
        except (InvalidTag, ValueError) as error:
            raise SealedBoxError("the box cannot be opened") from error


def _cipher(shared: bytes, sender: bytes, recipient: bytes) -> ChaCha20Poly1305:
    derived = HKDF(hashes.SHA256(), 32, salt=sender + recipient, info=_INFO).derive(shared)
    return ChaCha20Poly1305(derived)
