"""Files of one log: the full ones from ``audit-000001.jsonl`` on, then ``audit.jsonl``."""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from credentials.sealed.files import JsonObject

SET_ASIDE = "audit-set-aside-"
"""Beginning of the names of the folders that hold former logs; the time follows, in UTC."""

_BLOCK = 65536


class LogFiles:
    """Finds and reads the files of a log. Readers need no lock, for no line is ever changed."""

    def __init__(self, path: Path) -> None:
        """Use *path* as the file that is written now; it need not exist."""
        self.path = path

    def numbered(self, part: int) -> Path:
        """Return the path of the full file number *part* (from 1)."""
        return self.path.with_name(f"{self.path.stem}-{part:06d}{self.path.suffix}")

    def all(self) -> list[Path]:
        """Return every existing file, oldest first.

        Raises:
            OSError: If the folder cannot be read.
        """
        digits = "[0-9]" * 6
        full = sorted(
            self.path.parent.glob(f"{self.path.stem}-{digits}{self.path.suffix}"),
            key=lambda each: each.name,
        )
        return [*full, self.path] if self.path.exists() else full

    @contextlib.contextmanager
    def opened(self) -> Iterator[list[BinaryIO]]:
        """Open all files together, oldest first, each exactly once even during a rename.

        Raises:
            OSError: If one cannot be opened.
        """
        with contextlib.ExitStack() as stack:
            while True:
                names = self.all()
                try:
                    found: list[BinaryIO] = [stack.enter_context(p.open("rb")) for p in names]
                except FileNotFoundError:  # it was renamed just now
                    if not self.path.parent.is_dir():
                        raise
                    continue
                if self.all() == names:
                    break
                stack.close()
            yield found

    def entries(self) -> Iterator[JsonObject]:
        """Yield every line that is a JSON object, oldest first, former logs included.

        Raises:
            OSError: If a file cannot be read.
        """
        for folder in sorted(self.path.parent.glob(f"{SET_ASIDE}*")):
            yield from LogFiles(folder / self.path.name).entries()
        with self.opened() as found:
            for file in found:
                for line in file:
                    yield from json_object(line)

    def entries_from_the_end(self) -> Iterator[JsonObject]:
        """Yield every line that is a JSON object, newest first.

        Raises:
            OSError: If a file cannot be read.
        """
        with self.opened() as found:
            for file in reversed(found):
                for line in _lines_from_the_end(file):
                    yield from json_object(line)


def json_object(line: bytes) -> Iterator[JsonObject]:
    """Yield the JSON object in *line*, if there is one."""
    with contextlib.suppress(ValueError, RecursionError):  # torn by a power cut
        entry = json.loads(line)
        if isinstance(entry, dict):
            yield entry


def _lines_from_the_end(file: BinaryIO) -> Iterator[bytes]:
    position = file.seek(0, os.SEEK_END)
    rest = b""
    while position:
        start = max(0, position - _BLOCK)
        file.seek(start)
        first, *lines = (file.read(position - start) + rest).split(b"\n")
        yield from reversed(lines)
        position, rest = start, first
    yield rest
