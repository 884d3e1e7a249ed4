"""JPEG files as bytes: where one begins and ends in a stream, and whether part of it was lost.

The start and the end of a JPEG are markers of the format (ISO/IEC 10918-1, B.1.1), so a picture is
found in any stream, whatever its sender says of boundaries and lengths.
"""

from __future__ import annotations

import re

from face_auth.camera.sources import SourceError

_MAX_PICTURE_BYTES = 32 << 20
_START = b"\xff\xd8\xff"
_TABLES, _START_AGAIN, _END, _SCAN = 0xC4, 0xD8, 0xD9, 0xDA
_BASELINE = (0xC0, 0xC1)
_ALONE = (0x01, *range(0xD0, 0xD8))  # markers without a length
_MARKER_IN_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_HOLE_BYTES = 64


class JpegReader:
    """A scanner that takes whole JPEGs out of a stream of bytes, by their markers alone."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._at = 0  # where in the buffer's picture the next marker is; 0 before a start
        self._in_scan = False

    def feed(self, data: bytes) -> None:
        """Add received bytes.

        Raises:
            SourceError: If a picture grows beyond all measure.
        """
        self._buffer += data
        if len(self._buffer) > _MAX_PICTURE_BYTES:
            raise SourceError("the camera sends pictures without an end")

    def next(self) -> bytes | None:
        """Remove and return the next whole picture; None if there is none yet."""
        while self._at or self._find_start():
            if self._in_scan:
                found = _MARKER_IN_SCAN.search(self._buffer, self._at)
                if found is None:
                    self._at = max(self._at, len(self._buffer) - 1)
                    return None
                self._at, self._in_scan = found.start(), False
            marker, after = _segment(self._buffer, self._at)
            if after > len(self._buffer):
                return None
            if marker == _END:
                picture = bytes(self._buffer[:after])
                self._drop(after)
                return picture
            if marker in (None, _START_AGAIN):
                self._drop(self._at if marker else len(_START) - 1)  # the rest of it was lost
            else:
                self._at, self._in_scan = after, marker == _SCAN
        return None

    def _find_start(self) -> bool:
        start = self._buffer.find(_START)
        self._drop(start if start >= 0 else max(0, len(self._buffer) - len(_START) + 1))
        self._at = 2 if start >= 0 else 0
        return start >= 0

    def _drop(self, count: int) -> None:
        del self._buffer[:count]
        self._at, self._in_scan = 0, False


def has_hole(jpeg: bytes | bytearray) -> bool:
    """Return whether part of a baseline JPEG was replaced by zeros, as a broken disk or copy does.

    Zeros are valid code, so a decoder goes on through the hole and paints the rest of the picture
    in the wrong place and colour. 64 zeros in a row mean flat grey where the table's shortest code
    ends a block, and nothing that a camera sees where it does not, as in the standard tables of
    most cameras (K.3.3). Only in the latter case, and not in progressive files, is a hole reported.
    """
    if jpeg.find(bytes(_HOLE_BYTES)) < 0:
        return False
    at, baseline, shortest_codes = 2, False, set[int]()
    while True:
        marker, after = _segment(jpeg, at)
        if marker is None or marker == _END or after > len(jpeg):
            return False
        if marker in _BASELINE:
            baseline = True
        elif marker == _TABLES:
            shortest_codes |= _shortest_codes(jpeg[at + 4 : after])
        elif marker == _SCAN:
            found = _MARKER_IN_SCAN.search(jpeg, after)
            end = found.start() if found else len(jpeg)
            hole = jpeg.find(bytes(_HOLE_BYTES), after, end) >= 0
            if hole and baseline and shortest_codes != {0}:
                return True
            after = end
        at = after


def _segment(data: bytes | bytearray, at: int) -> tuple[int | None, int]:
    """Return the marker at *at*, None if there is no marker, and where its segment ends.

    The end lies behind that of *data* if more of it is needed to tell.
    """
    unknown = len(data) + 1
    if len(data) < at + 2:
        return 0, unknown
    marker = data[at + 1]
    if data[at] != 0xFF or marker == 0:
        return None, at
    if marker == 0xFF:  # a fill byte
        return marker, at + 1
    if marker in _ALONE or marker in (_START_AGAIN, _END):
        return marker, at + 2
    if len(data) < at + 4:
        return marker, unknown
    length = int.from_bytes(data[at + 2 : at + 4], "big")
    return (marker, at + 2 + length) if length >= 2 else (None, at)


def _shortest_codes(tables: bytes | bytearray) -> set[int]:
    """Return the symbols that zero bits stand for in each AC table of a DHT segment."""
    found, at = set(), 0
    while at + 17 < len(tables):
        if tables[at] >> 4 == 1:
            found.add(tables[at + 17])
        at += 17 + sum(tables[at + 1 : at + 17])
    return found
