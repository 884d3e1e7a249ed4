"""The virtual card behind vpcd: it speaks APDUs to Debian's pcscd, as an NFC card does."""

import socket
import struct
import threading

from tests.virtual_card import VirtualCard

HOST, PORT = "127.0.0.1", 35963
"""Where vpcd waits for the card of its first reader; the second one has the next port."""
AID = bytes.fromhex("A0000006472F0001")
ATR = bytes.fromhex("3B80800101")
_POWER_OFF, _POWER_ON, _RESET, _ATR = 0, 1, 2, 4
_OK, _NOT_KNOWN = b"\x90\x00", b"\x6d\x00"
_PART = 255


class ApduCard:
    """A `VirtualCard` in a reader of vpcd, from `insert` to `take_out`."""

    def __init__(self, card: VirtualCard, slot: int = 0) -> None:
        self.card, self._slot = card, slot
        self._socket: socket.socket | None = None
        self._request = self._answer = b""
        self.apdus = 0

    def insert(self) -> None:
        """Put the card in the reader."""
        self._socket = socket.create_connection((HOST, PORT + self._slot))
        threading.Thread(target=self._serve, args=(self._socket,), daemon=True).start()

    def take_out(self) -> None:
        """Take it out."""
        if self._socket is not None:
            self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()
            self._socket = None

    def _serve(self, connection: socket.socket) -> None:
        try:
            while True:
                (length,) = struct.unpack(">H", _read(connection, 2))
                message = _read(connection, length)
                if message == bytes([_ATR]):
                    answer = ATR
                elif len(message) == 1:  # power and reset have no answer
                    continue
                else:
                    answer = self._exchange(message)
                connection.sendall(struct.pack(">H", len(answer)) + answer)
        except OSError:
            return

    def _exchange(self, apdu: bytes) -> bytes:
        self.apdus += 1
        cla, ins = apdu[0], apdu[1]
        data = apdu[5 : 5 + apdu[4]] if len(apdu) > 5 else b""
        if ins == 0xA4:
            return b"FIDO_2_0" + _OK if data == AID else b"\x6a\x82"
        if ins == 0xC0:
            return self._part()
        if ins != 0x10 or cla & 0xEF != 0x80:
            return _NOT_KNOWN
        self._request += data
        if cla & 0x10:  # more of the command comes
            return _OK
        request, self._request = self._request, b""
        self._answer = self.card.answer(request)
        return self._part()

    def _part(self) -> bytes:
        """Return the next part of the answer; 61xx says that more is there."""
        part, self._answer = self._answer[:_PART], self._answer[_PART:]
        left = len(self._answer)
        return part + (bytes([0x61, min(left, _PART)]) if left else _OK)


def _read(connection: socket.socket, length: int) -> bytes:
    found = b""
    while len(found) < length:
        part = connection.recv(length - len(found))
        if not part:
            raise OSError("the reader has gone")
        found += part
    return found
