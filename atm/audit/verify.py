"""Verification by the auditor: follows the chain from the first key and reports problems."""

import contextlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from atm.audit.entries import AuditError, Line, next_key, parse_line
from atm.audit.log import AuditLog
from atm.audit.state import Anchored, State
from atm.audit.verifier import HANDED_OVER, Verifier

T = TypeVar("T")

_FURTHEST = 1_000_000
"""Largest distance of a number from the expected one; each key on the way must be computed."""

_KIND = f', "kind": "{HANDED_OVER}", '.encode("ascii")


@dataclass(slots=True)
class Report:
    """Result of a verification.

    Attributes:
        problems: One sentence for each fault.
        notes: One sentence for each fact that is no fault but should be known.
        verified: Number of entries that are genuine and in their place.
        unverified: Number of entries that this verifier does not cover.
        last: The number of the last genuine entry, 0 without.
    """

    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    verified: int = 0
    unverified: int = 0
    last: int = 0

    def summary(self) -> str:
        """Return one sentence with the counts."""
        found = f"{self.verified} entries are genuine"
        if self.unverified:
            found += f", {self.unverified} cannot be verified with this verifier"
        return f"{found}. Problems: {len(self.problems)}."


def verify(
    files: Iterable[tuple[str, bytes]],
    verifier: Verifier,
    anchor: Anchored | None,
    state: State | None = None,
) -> Report:
    """Verify the chain through all files.

    Args:
        files: Name and content of each file of the log, oldest first.
        verifier: The first key.
        anchor: The anchored entry, None if there is none.
        state: The kiosk's state, if the auditor can read it.
    """
    walk = _Walk(verifier, anchor, state)
    before: tuple[str, bytes] | None = None
    for file in files:
        if before is not None:
            walk.file(*before, newest=False)
        before = file
    if before is not None:
        walk.file(*before, newest=True)
    walk.end()
    return walk.report


def verify_log(log: AuditLog, verifier: Verifier) -> Report:
    """Verify the files of *log* as they are now; the kiosk may go on writing.

    Raises:
        AuditError: If *verifier* is another data folder's.
        OSError: If a file cannot be read.
    """
    if verifier.folder != log.key_path.stem:
        raise AuditError("This is the verifier of another data folder.")
    problems: list[str] = []
    with contextlib.ExitStack() as stack:
        with log.locked():  # only as long as it takes to see where the log ends
            opened = stack.enter_context(log.chain.log_files.opened())
            sizes = [os.fstat(file.fileno()).st_size for file in opened]
            anchored = _or_problem(log.anchor.read, problems)
            state = _or_problem(log.chain.states.read, problems)
        contents = (
            (Path(file.name).name, file.read(size))
            for file, size in zip(opened, sizes, strict=True)
        )
        report = verify(contents, verifier, anchored, state)
    report.problems.extend(problems)
    return report


def _or_problem(read: Callable[[], T], problems: list[str]) -> T | None:
    """Return the result of *read*; on an AuditError add a problem and return None."""
    try:
        return read()
    except AuditError as error:
        problems.append(str(error))
        return None


class _Walk:
    def __init__(self, verifier: Verifier, anchor: Anchored | None, state: State | None) -> None:
        self.report = Report()
        self._verifier = verifier
        self._anchor = anchor
        self._state = state
        self._keys = [bytes.fromhex(verifier.key)]
        self._last = verifier.begins - 1
        self._mac: str | None = None
        self._ends: int | None = None  # the last entry that this verifier can check

    def file(self, name: str, data: bytes, *, newest: bool) -> None:
        lines = data.split(b"\n")
        rest = lines.pop()
        for number, line in enumerate(lines, 1):
            self._line(line, f"line {number} of {name}")
        if rest and newest:
            self._torn(rest, f"line {len(lines) + 1} of {name}")
        elif rest:
            self._problem(f"The last line of {name} is not whole.")

    def end(self) -> None:
        """Compare the log's end with anchor and state."""
        report, last = self.report, self._last
        report.last = last
        if self._ends is not None:
            report.notes.append(
                f"At entry {self._ends} the log was handed over to a new verifier;"
                " this verifier does not cover later entries."
            )
        if self._anchor is None:
            self._problem("There is no anchor, so a log that was cut short cannot be detected.")
        elif self._anchor.n > last:
            self._problem(
                f"The log was cut: it ends at entry {last},"
                f" but entry {self._anchor.n} was anchored."
            )
        if self._state is None:
            return
        if self._state.n - 1 > last:
            self._problem(
                f"The log was cut: it ends at entry {last},"
                f" but the kiosk wrote entry {self._state.n - 1}."
            )
        elif self._ends is None and self._key(self._state.n) != self._state.key:
            self._problem("The kiosk's key does not come from this verifier's.")

    def _line(self, line: bytes, where: str) -> None:
        found = parse_line(line)
        if found is None:
            self._problem(f"{where.capitalize()} is not an entry of the log.")
            return
        if found.n < self._verifier.start or (self._ends is not None and found.n > self._ends):
            self.report.unverified += 1
            self._place(found, where)
            return
        key = self._key(found.n)
        if key is None or not found.genuine(key):
            self._problem(f"Entry {found.n} ({where}) was altered, or this kiosk did not write it.")
            if found.n == self._last + 1:
                self._last, self._mac = found.n, None
            return
        if self._place(found, where):
            self.report.verified += 1
        if _KIND in found.body[:200]:
            self._ends = found.n

    def _place(self, found: Line, where: str) -> bool:
        """Check the number and the link of an entry; return whether both are right."""
        named = f"Entry {found.n} ({where})"
        right = False
        if found.n <= self._last:
            self._problem(f"{named} is a duplicate or out of order.")
            return False
        if found.n > self._last + 1:
            first, last = self._last + 1, found.n - 1
            self._problem(
                f"Entry {first} is missing." if first == last
                else f"The entries {first} to {last} are missing."
            )  # fmt: skip
        elif self._mac not in (None, found.previous):
            self._problem(f"{named} does not follow the one before it.")
        else:
            right = True
        if self._anchor is not None and found.n == self._anchor.n and found.mac != self._anchor.mac:
            self._problem(f"{named} is not the one that was anchored.")
        self._last, self._mac = found.n, found.mac
        return right

    def _torn(self, rest: bytes, where: str) -> None:
        """Judge the bytes behind the last line end; only an unacknowledged line may be torn."""
        found = parse_line(rest)
        key = None if found is None or found.n < self._verifier.start else self._key(found.n)
        if found is None or key is None or not found.genuine(key):
            self.report.notes.append(
                f"The last line ({where}) is torn: {len(rest)} bytes are no entry,"
                " as a power cut leaves them."
            )
            return
        known = max(self._anchor.n if self._anchor else 0, self._state.n - 1 if self._state else 0)
        if found.n <= known:
            self._problem(f"Entry {found.n} ({where}) lost its line end.")
        else:
            self.report.notes.append(f"Entry {found.n} ({where}) is torn: its line end is missing.")
        if self._place(found, where):
            self.report.verified += 1

    def _key(self, n: int) -> bytes | None:
        """Return the key of entry *n*, None if it is too far away."""
        index = n - self._verifier.start
        if index < 0 or index > len(self._keys) + _FURTHEST:
            return None
        while len(self._keys) <= index:
            self._keys.append(next_key(self._keys[-1]))
        return self._keys[index]

    def _problem(self, sentence: str) -> None:
        self.report.problems.append(sentence)
