"""A virtual FIDO2 card: our own, for tests. It speaks CTAP2, and APDUs as an NFC card does.

Only the messages that this program sends are implemented, after CTAP 2.1: what it shows is that
both sides agree with fido2's client, not that any card on the market works.
"""

import hashlib
import os
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.cose import ES256
from fido2.ctap import CtapDevice, CtapError
from fido2.hid import CAPABILITY, CTAPHID

MAKE, ASSERT, INFO, NEXT = 0x01, 0x02, 0x04, 0x08
UP, AT = 0x01, 0x40
ERR = CtapError.ERR


@dataclass
class Credential:
    """One key on the card."""

    credential_id: bytes
    rp_id: str
    user_id: bytes
    key: ec.EllipticCurvePrivateKey
    discoverable: bool


@dataclass
class VirtualCard:
    """The card.

    Attributes:
        has_pin: Whether it has a PIN of its own, and so makes no discoverable credential without.
        silent: Whether it answers without a touch, where `up` is false.
        counts: Whether it has a signature counter.
        before: Called with each command before it is answered.
    """

    has_pin: bool = False
    silent: bool = True
    counts: bool = True
    counter: int = 0
    credentials: list[Credential] = field(default_factory=list)
    before: Callable[[int], None] = lambda command: None
    commands: list[int] = field(default_factory=list)
    _next: list[bytes] = field(default_factory=list)

    def answer(self, message: bytes) -> bytes:
        """Return status and answer to one CTAP2 message."""
        command, request = message[0], cbor.decode(message[1:]) if message[1:] else {}
        assert isinstance(request, Mapping)
        self.commands.append(command)
        self.before(command)
        try:
            if command == INFO:
                return b"\0" + cbor.encode({
                    1: ["FIDO_2_0", "FIDO_2_1"], 3: bytes(16),
                    4: {"rk": True, "up": True, "clientPin": self.has_pin},
                })  # fmt: skip
            if command == MAKE:
                return b"\0" + self._make(request)
            if command == ASSERT:
                return b"\0" + self._assert(request)
            if command == NEXT and self._next:
                return b"\0" + self._next.pop(0)
        except CtapError as error:
            return bytes([error.code])
        return bytes([ERR.INVALID_COMMAND])

    def _make(self, request: Mapping[Any, Any]) -> bytes:
        discoverable = request.get(7, {}).get("rk", False)
        if self.has_pin and discoverable:
            raise CtapError(ERR.PUAT_REQUIRED)
        made = Credential(
            os.urandom(64), request[2]["id"], request[3]["id"],
            ec.generate_private_key(ec.SECP256R1()), discoverable,
        )  # fmt: skip
        key = cbor.encode(ES256.from_cryptography_key(made.key.public_key()))
        self.credentials.append(made)
        data = self._data(made.rp_id, UP | AT) + bytes(16)
        data += struct.pack(">H", len(made.credential_id)) + made.credential_id + key
        return cbor.encode({1: "none", 2: data, 3: {}})

    def _assert(self, request: Mapping[Any, Any]) -> bytes:
        rp_id, digest = request[1], request[2]
        touched = request.get(5, {}).get("up", True)
        ids = [each["id"] for each in request.get(3, [])]
        mine = [each for each in self.credentials if each.rp_id == rp_id]
        found = [
            each for each in reversed(mine)
            if (each.credential_id in ids if ids else each.discoverable)
        ]  # fmt: skip
        if not found or not (touched or self.silent):
            raise CtapError(ERR.NO_CREDENTIALS)
        answers = []
        for each in found:
            data = self._data(rp_id, UP if touched else 0)
            signature = each.key.sign(data + digest, ec.ECDSA(hashes.SHA256()))
            answer: dict[int, Any] = {
                1: {"id": each.credential_id, "type": "public-key"}, 2: data, 3: signature,
            }  # fmt: skip
            if each.discoverable:
                answer[4] = {"id": each.user_id}
            if not answers and len(found) > 1:
                answer[5] = len(found)
            answers.append(cbor.encode(answer))
        self._next = answers[1:]
        return answers[0]

    def _data(self, rp_id: str, flags: int) -> bytes:
        self.counter += self.counts
        rp_hash = hashlib.sha256(rp_id.encode()).digest()
        return rp_hash + struct.pack(">BI", flags, self.counter)


class VirtualDevice(CtapDevice):
    """A card, opened; it fails once the card was taken out, even if it is put in again."""

    def __init__(self, reader: "VirtualReader", card: VirtualCard) -> None:
        self._reader, self._card, self._visit = reader, card, reader.visits

    @property
    def capabilities(self) -> int:
        return CAPABILITY.CBOR

    def call(self, cmd: int, data: bytes = b"", event=None, on_keepalive=None) -> bytes:  # type: ignore[no-untyped-def]
        assert cmd == CTAPHID.CBOR
        answer = self._card.answer(data)
        if self._card not in self._reader.cards or self._visit != self._reader.visits:
            raise OSError("the card was removed")
        return answer

    @classmethod
    def list_devices(cls):  # type: ignore[no-untyped-def]
        raise NotImplementedError


@dataclass
class VirtualReader:
    """The places for cards of one kiosk; `CardReader(reader.devices)` reads them."""

    cards: list[VirtualCard] = field(default_factory=list)
    plugged: bool = True
    visits: int = 0

    def devices(self) -> list[CtapDevice]:
        """Return the cards that are there."""
        from atm.card.reader import ReaderError

        if not self.plugged:
            raise ReaderError
        return [VirtualDevice(self, card) for card in self.cards]

    def take_out(self) -> None:
        """Take every card out."""
        self.cards.clear()
        self.visits += 1
