"""Key document that is encrypted under a key which the machine's TPM has sealed.

The file then holds no secret that opens without that TPM: neither the root key nor former peppers.
Where the TPM is stands in the file, so that reading needs no settings.
"""

import json
import secrets
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from atm.setting_values import PLACE_OF_TPM
from atm.tpm import SealedSecret, Tpm
from credentials.sealed.files import JsonObject

_VERSION = 1
_FIELDS = {"sealed_version", "tpm", "pcrs", "public", "private", "nonce", "sealed"}


@dataclass(frozen=True, slots=True)
class Vault:
    """A key that a TPM has sealed, opened once."""

    tpm: Tpm
    secret: SealedSecret
    key: bytes

    def __repr__(self) -> str:
        """Show no key."""
        return "Vault()"

    @classmethod
    def make(cls, tpm: Tpm) -> Self:
        """Seal a new key in *tpm*.

        Raises:
            TpmError: If the TPM refuses.
        """
        key = secrets.token_bytes(32)
        return cls(tpm, tpm.seal(key), key)

    @classmethod
    def of(cls, document: JsonObject) -> Self:
        """Open the vault of a document that `close` returned.

        Raises:
            TpmError: If this TPM did not seal it.
            ValueError: If it is no such document.
        """
        if document.keys() != _FIELDS or document["sealed_version"] != _VERSION:
            raise ValueError("no sealed document")
        place, pcrs, public, private = (
            str(document[name]) for name in ("tpm", "pcrs", "public", "private")
        )
        if not PLACE_OF_TPM.fullmatch(place):  # a command would be run
            raise ValueError("no place of a TPM")
        tpm = Tpm(place, pcrs)
        secret = SealedSecret(bytes.fromhex(public), bytes.fromhex(private))
        return cls(tpm, secret, tpm.unseal(secret))

    def close(self, plain: bytes) -> JsonObject:
        """Return *plain*, encrypted, as a document."""
        nonce = secrets.token_bytes(12)
        head = self._head()
        sealed = AESGCM(self.key).encrypt(nonce, plain, _canonical(head))
        return head | {"nonce": nonce.hex(), "sealed": sealed.hex()}

    def open(self, document: JsonObject) -> bytes:
        """Return what was encrypted.

        Raises:
            ValueError: If the document was altered.
        """
        nonce, sealed = (bytes.fromhex(str(document[name])) for name in ("nonce", "sealed"))
        try:
            return AESGCM(self.key).decrypt(nonce, sealed, _canonical(self._head()))
        except InvalidTag as error:
            raise ValueError("the sealed document was altered") from error

    def _head(self) -> JsonObject:
        return {
            "sealed_version": _VERSION,
            "tpm": self.tpm.place,
            "pcrs": self.tpm.pcrs,
            "public": self.secret.public.hex(),
            "private": self.secret.private.hex(),
        }


def is_sealed(document: JsonObject) -> bool:
    """Return whether *document* looks like one that `Vault.close` returned."""
    return "sealed_version" in document


def _canonical(head: JsonObject) -> bytes:
    return json.dumps(head, sort_keys=True).encode("ascii")
