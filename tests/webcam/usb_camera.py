"""A USB webcam in software: the kernel's own drivers (vhci_hcd, uvcvideo) take it for a real one.

It answers the kernel by the USB/IP protocol, as a device of the USB Video Class 1.0 that sends its
pictures by bulk transfers. It needs root, and the modules; `make test-webcam` brings them.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

_CONTROLLER = Path("/sys/devices/platform/vhci_hcd.0")
_HIGH_SPEED = 3
_PAYLOAD = 16384  # bytes of one transfer; uvcvideo asks for no more
_STALL, _UNLINKED = -32, -104
_GUID = bytes.fromhex("00001000800000aa00389b71")
_DESCRIBED_BY = {"YUYV": b"YUY2" + _GUID, "GREY": b"Y800" + _GUID}


@dataclass(frozen=True, slots=True)
class Mode:
    """A format, size and rate that the camera offers."""

    fourcc: str
    width: int
    height: int
    rates: tuple[float, ...]


class UsbCamera:
    """A webcam that can be plugged in and pulled out.

    Attributes:
        scene: What stands before the lens: the number of a picture -> RGB (h, w, 3), of any size.
        sends: Whether pictures come; a camera that hangs keeps the host waiting.
        mode: What the host has chosen, with the rate; None before.
        sent: How many pictures it has sent.
        streams: How often the host has begun to read pictures.
        cut: The share of each picture that is sent.
    """

    def __init__(
        self,
        modes: Sequence[Mode],
        scene: Callable[[int], np.ndarray],
        *,
        product: str = "Kiosk Webcam",
        serial: str = "A1B2C3",
        port: int = 0,
    ) -> None:
        self._formats = [
            (fourcc, [mode for mode in modes if mode.fourcc == fourcc])
            for fourcc in dict.fromkeys(mode.fourcc for mode in modes)
        ]
        self.scene = scene
        self.sends = True
        self.mode: tuple[Mode, float] | None = None
        self.sent = 0
        self.streams = 0
        self.cut = 1.0
        self._texts = ["", "Somebody", product, serial]
        self._port = port
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._wanted: deque[int] = deque()  # transfers that wait for a picture
        self._probe = self._answer_to(struct.pack("<HBBI18x", 1, 1, 1, 0))

    def plug_in(self) -> None:
        """Connect it; the device file comes a moment later."""
        theirs, ours = socket.socketpair()
        self._socket, self.mode = ours, None
        self._wanted.clear()
        for work in (self._listen, self._film):
            threading.Thread(target=work, args=(ours,), daemon=True).start()
        with theirs:
            (_CONTROLLER / "attach").write_text(
                f"{self._port} {theirs.fileno()} {1 << 16 | self._port + 1} {_HIGH_SPEED}"
            )

    def pull_out(self) -> None:
        """Disconnect it, as a hand does: without a word."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                (_CONTROLLER / "detach").write_text(str(self._port))
            self._socket.close()
            self._socket = None

    # What follows runs on the camera's threads.

    def _listen(self, host: socket.socket) -> None:
        with contextlib.suppress(OSError), host.makefile("rb") as sent:
            while header := sent.read(48):
                command, number, _, direction, endpoint = struct.unpack(">5I", header[:20])
                if command == 2:
                    (unlinked,) = struct.unpack(">I", header[20:24])
                    self._unlink(host, number, unlinked)
                    continue
                (length,) = struct.unpack(">I", header[24:28])
                data = sent.read(length) if direction == 0 else b""
                if endpoint == 0:
                    answer = self._control(header[40:48], data)
                    self._answer(host, number, answer, direction == 1)
                else:
                    with self._lock:
                        self._wanted.append(number)

    def _film(self, host: socket.socket) -> None:
        """Send a picture at each tick while the host waits for them."""
        field, due = 0, time.monotonic()
        with contextlib.suppress(OSError):
            while self._socket is host:
                if self.mode is None or not self._wanted or not self.sends:
                    time.sleep(0.01)
                    due = time.monotonic()
                    continue
                mode, rate = self.mode
                due = max(due + 1 / rate, time.monotonic() - 1 / rate)
                picture = self._encode(mode)
                picture = picture[: round(len(picture) * self.cut)]
                time.sleep(max(0.0, due - time.monotonic()))
                field ^= 1
                parts = range(0, len(picture), _PAYLOAD - 2)
                for at in parts:
                    flags = 0x80 | field | (2 if at == parts[-1] else 0)
                    number = self._next_transfer()
                    if number is None:
                        break
                    part = picture[at : at + _PAYLOAD - 2]
                    self._answer(host, number, bytes((2, flags)) + part, True)
                self.sent += 1

    def _next_transfer(self) -> int | None:
        """Wait for a transfer; None if the host has stopped."""
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            with self._lock:
                if self._wanted:
                    return self._wanted.popleft()
            time.sleep(0.001)
        return None

    def _unlink(self, host: socket.socket, number: int, unlinked: int) -> None:
        with self._lock:
            waited = unlinked in self._wanted
            if waited:
                self._wanted.remove(unlinked)
            status = _UNLINKED if waited else 0
            host.sendall(struct.pack(">5Ii24x", 4, number, 0, 0, 0, status))

    def _answer(
        self, host: socket.socket, number: int, data: bytes | None, towards_host: bool
    ) -> None:
        status, data = (_STALL, b"") if data is None else (0, data)
        header = struct.pack(">5IiI20x", 3, number, 0, 0, 0, status, len(data))
        with self._lock:
            host.sendall(header + (data if towards_host else b""))

    def _control(self, setup: bytes, data: bytes) -> bytes | None:
        """Answer a control request; None for one that is not understood."""
        kind, request, value, _index, length = struct.unpack("<BBHHH", setup)
        if kind & 0x60 == 0:
            if request == 6:
                described = self._described(value >> 8, value & 255)
                return None if described is None else described[:length]
            return {0: b"\0\0", 8: b"\1", 10: b"\0"}.get(request, b"")
        if request == 1:
            self._probe = self._answer_to(data.ljust(26, b"\0"))
            if value >> 8 == 2:
                self._commit()
            return data  # its length alone is told
        answers = {0x85: struct.pack("<H", 26), 0x86: b"\3"}
        return answers.get(request, self._probe)[:length]

    def _chosen(self, asked: bytes) -> tuple[Mode, float]:
        _, number, frame, interval = struct.unpack_from("<HBBI", asked)
        modes = self._formats[max(1, min(number, len(self._formats))) - 1][1]
        mode = modes[max(1, min(frame, len(modes))) - 1]
        return mode, min(mode.rates, key=lambda rate: abs(_interval(rate) - interval))

    def _answer_to(self, asked: bytes) -> bytes:
        """Return the camera's answer to the host's wish: what it would do."""
        mode, rate = self._chosen(asked)
        start = asked[:2] + asked[2:4] + struct.pack("<I", _interval(rate)) + bytes(10)
        return start + struct.pack("<II", 2 * mode.width * mode.height, _PAYLOAD)

    def _commit(self) -> None:
        self.mode = self._chosen(self._probe)
        self.streams += 1

    def _encode(self, mode: Mode) -> bytes:
        picture = cv2.resize(self.scene(self.sent), (mode.width, mode.height))
        if mode.fourcc == "MJPG":
            return cv2.imencode(".jpg", picture[..., ::-1])[1].tobytes()
        if mode.fourcc == "GREY":
            return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).tobytes()
        return cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_YUY2).tobytes()

    def _described(self, kind: int, number: int) -> bytes | None:
        if kind == 1:
            ids = struct.pack("<HHH", 0x1D6B, 0x0102, 0x0100)
            serial = 3 if self._texts[3] else 0
            return struct.pack("<BBHBBBB", 18, 1, 0x0200, 0xEF, 2, 1, 64) + ids + bytes(
                (1, 2, serial, 1)
            )  # fmt: skip
        if kind == 2:
            return self._configuration()
        if kind == 3 and number == 0:
            return b"\x04\x03\x09\x04"
        if kind == 3 and number < len(self._texts):
            text = self._texts[number].encode("utf-16-le")
            return bytes((len(text) + 2, 3)) + text
        return None

    def _configuration(self) -> bytes:
        terminals = (
            struct.pack("<BBBBHBBHHHB3x", 18, 0x24, 2, 1, 0x0201, 0, 0, 0, 0, 0, 3)
            + struct.pack("<BBBBHBBB", 9, 0x24, 3, 2, 0x0101, 0, 1, 0)
        )  # fmt: skip
        control = struct.pack(
            "<BBBHHIBB", 13, 0x24, 1, 0x0100, 13 + len(terminals), 48_000_000, 1, 1
        )
        formats = b"".join(
            self._format(number, fourcc, modes)
            for number, (fourcc, modes) in enumerate(self._formats, 1)
        )
        count = len(self._formats)
        stream = struct.pack(
            "<BBBBHBBBBBBB", 13 + count, 0x24, 1, count, 13 + count + len(formats), 0x81, 0, 2,
            0, 0, 0, 1,
        ) + bytes(count)  # fmt: skip
        body = (
            bytes((8, 0x0B, 0, 2, 0x0E, 3, 0, 2))
            + bytes((9, 4, 0, 0, 0, 0x0E, 1, 0, 2)) + control + terminals
            + bytes((9, 4, 1, 0, 1, 0x0E, 2, 0, 0)) + stream + formats
            + struct.pack("<BBBBHB", 7, 5, 0x81, 2, 512, 0)
        )  # fmt: skip
        return struct.pack("<BBHBBBBB", 9, 2, 9 + len(body), 2, 1, 0, 0x80, 250) + body

    def _format(self, number: int, fourcc: str, modes: list[Mode]) -> bytes:
        if fourcc == "MJPG":
            described = bytes((11, 0x24, 6, number, len(modes), 1, 1, 0, 0, 0, 0))
        else:
            bits = 8 if fourcc == "GREY" else 16
            described = (
                bytes((27, 0x24, 4, number, len(modes))) + _DESCRIBED_BY[fourcc]
                + bytes((bits, 1, 0, 0, 0, 0))
            )  # fmt: skip
        for index, mode in enumerate(modes, 1):
            intervals = [_interval(rate) for rate in mode.rates]
            size, most = mode.width * mode.height * 2, round(max(mode.rates))
            described += struct.pack(
                "<BBBBBHHIIIIB", 26 + 4 * len(intervals), 0x24, 7 if fourcc == "MJPG" else 5, index,
                0, mode.width, mode.height, size * 8, size * 8 * most, size, intervals[0],
                len(intervals),
            ) + struct.pack(f"<{len(intervals)}I", *intervals)  # fmt: skip
        return described


def _interval(rate: float) -> int:
    """Return the time between pictures in units of 100 ns."""
    return round(10_000_000 / rate)
