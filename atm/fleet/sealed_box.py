"""A sealed envelope for one reader: X25519, HKDF-SHA256, ChaCha20-Poly1305 (RFC 7748, 5869, 8439).

The reader makes a key for one attempt and shows its public half; whoever stores or logs what goes
between cannot open it afterwards, for both private halves are forgotten.
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


class EnvelopeError(ValueError):
    """The envelope is damaged, or for another reader."""


def seal(plain: bytes, reader: bytes, bound_to: bytes) -> bytes:
    """Return *plain* sealed for who showed the public key *reader*.

    Args:
        plain: What to seal.
        reader: 32 bytes.
        bound_to: What the reader must name to open it.

    Returns:
        48 bytes more than *plain*.

    Raises:
        EnvelopeError: If *reader* is no public key.
    """
    own = X25519PrivateKey.generate()
    try:
        shared = own.exchange(X25519PublicKey.from_public_bytes(reader))
    except ValueError as error:
        raise EnvelopeError("this is no public key") from error
    public = own.public_key().public_bytes_raw()
    return public + _cipher(shared, public, reader).encrypt(_NO_NONCE, plain, bound_to)


class Reader:
    """Who opens one envelope."""

    def __init__(self) -> None:
        """Make a fresh key."""
        self._own = X25519PrivateKey.generate()
        self.public = self._own.public_key().public_bytes_raw()

    def open(self, sealed: bytes, bound_to: bytes) -> bytes:
        """Return what *sealed* holds.

        Raises:
            EnvelopeError: If it is damaged, for another reader, or bound to something else.
        """
        try:
            public, body = sealed[:PUBLIC_BYTES], sealed[PUBLIC_BYTES:]
            shared = self._own.exchange(X25519PublicKey.from_public_bytes(public))
            return _cipher(shared, public, self.public).decrypt(_NO_NONCE, body, bound_to)
        except (InvalidTag, ValueError) as error:
            raise EnvelopeError("the envelope cannot be opened") from error


def _cipher(shared: bytes, sender: bytes, reader: bytes) -> ChaCha20Poly1305:
    derived = HKDF(hashes.SHA256(), 32, salt=sender + reader, info=_INFO).derive(shared)
    return ChaCha20Poly1305(derived)
