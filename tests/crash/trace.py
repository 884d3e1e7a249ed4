"""Parser of one teller's strace output: changes to files and names, in order."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash.syscalls import DISK, names

OPTIONS = ("-xx", "-s", "99999999", "-e")
FOLLOWED = (*DISK, "read", "lseek", "_llseek", "close", "dup", "dup2", "dup3", "fcntl")

_LINE = re.compile(r"^(\d+) +(.*)$")
_CALL = re.compile(r"^(\w+)\((.*)\) += +(-?\d+)(?: .*)?$", re.DOTALL)
_CUT_OFF = " <unfinished ...>"
_RESUMED = re.compile(r"^<\.\.\. (\w+) resumed>(.*)$", re.DOTALL)
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


@dataclass(eq=False)
class File:
    """One file, whatever its names are; `base` is what it held before."""

    base: bytes = b""


@dataclass(frozen=True, slots=True)
class Write:
    """*data* put at *offset* of *file*, or its size set where *data* is None."""

    file: File
    offset: int
    data: bytes | None


@dataclass(frozen=True, slots=True)
class Name:
    """Names set at once, all or none; None takes a name away."""

    changes: dict[str, File | None]

    @property
    def folders(self) -> set[str]:
        """Where the names stand."""
        return {str(Path(each).parent) for each in self.changes}


@dataclass(frozen=True, slots=True)
class Sync:
    """A file or a folder was synced, or not: *succeeded*."""

    of: File | str
    succeeded: bool


@dataclass(frozen=True, slots=True)
class Said:
    """The teller has said *text*."""

    text: str


Event = Write | Name | Sync | Said


def options(trace: Path) -> list[str]:
    """Return strace's options to write all that `events` needs to *trace*."""
    return [*OPTIONS, f"trace={names(FOLLOWED)}", "-o", str(trace)]


def events(trace: Path, root: Path, speaks_to: int, before: dict[str, File]) -> list[Event]:
    """Return what happened to the files under *root*.

    Args:
        trace: strace's output.
        root: The kiosk.
        speaks_to: The teller's descriptor for what it says.
        before: The files by path, as they were before the first call.

    Raises:
        ValueError: If the teller made a call that this cannot follow.
    """
    return list(_Replay(root, speaks_to, dict(before)).events(_calls(trace.read_text("ascii"))))


@dataclass(slots=True)
class _Open:
    file: File | str
    append: bool = False
    position: int = 0


@dataclass(slots=True)
class _Replay:
    root: Path
    speaks_to: int
    names: dict[str, File]
    handles: dict[int, _Open] = field(default_factory=dict)
    sizes: dict[File, int] = field(default_factory=dict)

    def events(self, calls: Iterator[tuple[str, str, int]]) -> Iterator[Event]:
        for call, arguments, result in calls:
            if call in ("fsync", "fdatasync"):
                opened = self.handles.get(int(arguments))
                if opened is not None:
                    yield Sync(opened.file, result == 0)
            elif result >= 0:
                yield from self._done(call, arguments, result)

    def _done(self, call: str, arguments: str, result: int) -> Iterator[Event]:
        paths = [bytes.fromhex(t.replace(r"\x", "")) for t in _TEXT.findall(arguments)]
        if call == "openat":
            yield from self._opened(paths[0].decode(), arguments, result)
        elif call == "writev" and int(arguments.split(",")[0]) == self.speaks_to:
            yield Said(paths[0].decode())
        elif call in ("write", "writev", "pwrite64"):
            handle = int(arguments.split(",")[0])
            yield from self._written(handle, call, paths[0], arguments, result)
            if call == "writev" and handle in self.handles:  # the dispenser's, with O_DSYNC
                yield Sync(self.handles[handle].file, True)
        elif call in ("rename", "renameat", "renameat2", "link", "linkat"):
            yield from self._named(call, *(each.decode() for each in paths))
        elif call in ("unlink", "unlinkat"):
            if self._ours(paths[0].decode()):
                del self.names[paths[0].decode()]
                yield Name({paths[0].decode(): None})
        elif call in ("ftruncate", "fallocate"):
            handle, *rest = (int(each) for each in arguments.split(", ") if each.isdecimal())
            opened = self.handles.get(handle)
            if opened is not None and isinstance(opened.file, File):
                size = rest[-1] if call == "ftruncate" else max(sum(rest[-2:]), self._size(opened))
                yield self._sized(opened.file, size)
        elif call == "truncate":
            if self._ours(paths[0].decode()):
                yield self._sized(self.names[paths[0].decode()], int(arguments.split(", ")[-1]))
        elif call == "close":
            self.handles.pop(int(arguments), None)
        elif call in ("read", "lseek"):
            opened = self.handles.get(int(arguments.split(",")[0]))
            if opened is not None:
                opened.position = result + (opened.position if call == "read" else 0)
        elif call.startswith("dup") or (call == "fcntl" and "F_DUPFD" in arguments):
            if int(re.split(r"\D", arguments)[0]) in self.handles:
                raise ValueError(f"{call} is not followed")
        elif call not in ("fcntl", "fchmod", "chmod"):
            raise ValueError(f"{call} is not followed")

    def _opened(self, path: str, arguments: str, handle: int) -> Iterator[Event]:
        self.handles.pop(handle, None)
        if not self._ours(path):
            return
        if Path(path).is_dir():
            self.handles[handle] = _Open(path)
            return
        new = path not in self.names
        if new:
            self.names[path] = File()
            yield Name({path: self.names[path]})
        self.handles[handle] = _Open(self.names[path], append="O_APPEND" in arguments)
        if "O_TRUNC" in arguments and not new:
            yield self._sized(self.names[path], 0)

    def _written(
        self, handle: int, call: str, data: bytes, arguments: str, count: int
    ) -> Iterator[Event]:
        opened = self.handles.get(handle)
        if opened is None or not isinstance(opened.file, File):
            return
        if call == "pwrite64":
            offset = int(arguments.rsplit(", ", 1)[1])
        else:
            offset = self._size(opened) if opened.append else opened.position
            opened.position = offset + count
        self.sizes[opened.file] = max(self._size(opened), offset + count)
        yield Write(opened.file, offset, data[:count])

    def _named(self, call: str, old: str, new: str) -> Iterator[Event]:
        if not self._ours(new):
            return
        changes: dict[str, File | None] = {new: self.names[old]}
        if call.startswith("rename") and self.names.get(new) is not self.names[old]:
            changes[old] = None
            self.names[new] = self.names.pop(old)
        elif call.startswith("rename"):
            return  # two names of one file: nothing happens
        else:
            self.names[new] = self.names[old]
        yield Name(changes)

    def _sized(self, file: File, size: int) -> Write:
        self.sizes[file] = size
        return Write(file, size, None)

    def _size(self, opened: _Open) -> int:
        assert isinstance(opened.file, File)
        return self.sizes.get(opened.file, len(opened.file.base))

    def _ours(self, path: str) -> bool:
        return Path(path).is_relative_to(self.root)


def _calls(text: str) -> Iterator[tuple[str, str, int]]:
    """Yield name, arguments and result of each call, when it was over."""
    begun: dict[str, str] = {}
    for line in text.splitlines():
        found = _LINE.match(line)
        if found is None:
            continue
        thread, rest = found.groups()
        if rest.endswith(_CUT_OFF):
            begun[thread] = rest.removesuffix(_CUT_OFF)
            continue
        resumed = _RESUMED.match(rest)
        if resumed is not None:
            rest = begun.pop(thread) + resumed.group(2)
        call = _CALL.match(rest)
        if call is not None:
            yield call.group(1), call.group(2), int(call.group(3))
