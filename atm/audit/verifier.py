"""The auditor's two keys to the log: one verifies it, the other reads names and amounts in it.

The verifier is a segment's first key, given to the auditor once and never kept here. The reading
key is the kiosk's own; whoever has it can read the log's encrypted fields and alter nothing.
"""

import contextlib
import json
import os
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from atm.audit.chain import Head
from atm.audit.entries import KEY_BYTES, NO_MAC, AuditError
from atm.audit.log import AuditLog
from atm.audit.log_files import SET_ASIDE
from atm.audit.repeated_refusals import Draft
from atm.audit.state import State
from credentials.errors import CredentialError
from credentials.sealed import files

HANDED_OVER = "audit init"
"""Kind of the last entry that a verifier can check, if a newer verifier was made."""

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Verifier:
    """The auditor's key to one segment of the log.

    Attributes:
        folder: The id of the data folder, which names its keys.
        begins: First entry of the log when the verifier was made; 1 unless an earlier log had been
            set aside.
        start: First entry that can be verified.
        previous: The MAC before it, 64 hexadecimal digits.
        key: Its key, 64 hexadecimal digits. Whoever has it can make a log that verifies.
        made_at: When, UTC.
    """

    folder: str
    begins: int
    start: int
    previous: str
    key: str
    made_at: str


READING_SUFFIX = ".reading"
"""The reading key is written beside the verifier, under its name with this suffix."""


def read_reading_key(path: Path, folder: str) -> bytes:
    """Return the reading key that `hand_over` wrote to *path*.

    Raises:
        AuditError: If it cannot be read, or is not the reading key of the data folder *folder*.
    """
    try:
        found = files.read_json(path)
    except CredentialError as error:
        raise AuditError(str(error)) from error
    document = found[0] if found else {}
    try:
        key = bytes.fromhex(str(document["reading"]))
    except (KeyError, ValueError) as error:
        raise AuditError(f"{path} is no reading key of this program.") from error
    if document.get("folder") != folder or len(key) != KEY_BYTES:
        raise AuditError(f"{path} is the reading key of another data folder.")
    return key


def read_verifier(path: Path) -> Verifier:
    """Read the verifier that `hand_over` wrote to *path*.

    Raises:
        AuditError: If it cannot be read or is not a verifier.
    """
    try:
        found = files.read_json(path)
    except CredentialError as error:
        raise AuditError(str(error)) from error
    if found is None:
        raise AuditError(f"There is no verifier {path}.")
    document = found[0]
    try:
        if document.pop("version") != _VERSION:
            raise ValueError
        verifier = Verifier(**document)  # type: ignore[arg-type]
        if len(bytes.fromhex(verifier.key)) != KEY_BYTES or len(verifier.previous) != len(NO_MAC):
            raise ValueError
        bytes.fromhex(verifier.previous)
        if {type(verifier.begins), type(verifier.start)} != {int}:
            raise ValueError
        if not 1 <= verifier.begins <= verifier.start:
            raise ValueError
    except (KeyError, TypeError, ValueError) as error:
        raise AuditError(f"{path} is no verifier of this program.") from error
    return verifier


def check_damaged(log: AuditLog) -> None:
    """Check that *log* is one to be set aside: it is damaged, or lost its key or its anchor.

    Raises:
        AuditError: If it is as it was left; a new first key needs no new log.
    """
    try:
        log.check()
        whole = log.chain.states.read() is not None
    except AuditError:
        whole = False
    if whole:
        raise AuditError(
            f"The log {log.path} is as it was left and is not set aside;"
            " “init” without --set-aside makes a new verifier."
        )


def known_generations(log: AuditLog) -> dict[str, int]:
    """Return the highest generation of each store that is left in the log's key or in its files."""
    return _known(log)[1]


def hand_over(
    log: AuditLog, path: Path, *, set_aside: bool = False, staff: Sequence[str] = ()
) -> Verifier:
    """Begin a new segment of *log* with a fresh first key, and write this key to *path* only.

    The reading key goes to a second file beside it.

    The previous segment ends with an entry about it. *path* (0600) exists when this returns; if the
    process dies before, it does not, and the log goes on with a key that nobody holds.

    Args:
        log: The log.
        path: A new file outside the data folder and the key folder.
        set_aside: Whether to begin a new log, for one that was altered or lost its key. The old
            files are moved into a folder of their own beside it; numbers go on.
        staff: Names of those who signed.

    Raises:
        AuditError: If a log to be set aside is not damaged, *path* exists or lies where it must
            not, or a file cannot be written.
    """
    path = path.absolute()
    for kept in (log.path.parent, log.key_path.parent, log.anchor.path.parent):
        if path.resolve().is_relative_to(kept.resolve()):
            raise AuditError(f"The verifier must not be kept in {kept}; choose a place elsewhere.")
    reading = path.with_name(path.name + READING_SUFFIX)
    for each in (path, reading):
        if each.exists():
            raise AuditError(f"The file {each} exists and is not overwritten.")
    log.flush()
    if set_aside:
        check_damaged(log)
    stores = log.generations()
    signed = {"staff": list(staff)}
    with log.locked():
        head = _set_aside(log) if set_aside else log.checked_head()
        state = head.state
        begins = state.n if set_aside else 1
        if state.n > begins:
            told: list[Draft] = [(HANDED_OVER, {"by": "a new verifier", **signed})]
            head = Head(log.extend(head, told, stores, anchor=True))
            state = head.state
        state = state.with_reading_key()
        state = replace(state, key=secrets.token_bytes(KEY_BYTES), verifier_from=state.n)
        verifier = Verifier(
            folder=log.key_path.stem,
            begins=begins,
            start=state.n,
            previous=state.previous,
            key=state.key.hex(),
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        own = {
            "folder": verifier.folder,
            "reading": state.reading.hex(),
            "made_at": verifier.made_at,
        }
        with _new_file(path, asdict(verifier)), _new_file(reading, own):
            log.chain.states.write(state)
        begun: list[Draft] = [("audit begin", {"from": state.n, "aside": set_aside, **signed})]
        log.extend(replace(head, state=state), begun, stores, anchor=True)
    return verifier


def _set_aside(log: AuditLog) -> Head:
    """Move the log's files away; return a head that continues numbers and generations."""
    last, stores = _known(log)
    reading = _reading_key(log)
    name = SET_ASIDE + time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    folder = log.path.parent / name
    folder.mkdir(mode=0o700)
    for each in log.chain.log_files.all():
        each.rename(folder / each.name)
    for each in (folder, log.path.parent):
        files.sync_folder(each)
    for each in (log.key_path, log.anchor.path):
        if each.exists():
            each.rename(each.with_name(f"{each.name}.{name}"))
            files.sync_folder(each.parent)
    log.anchor.begin_again()
    first = State.first()
    return Head(replace(first, n=last + 1, stores=stores, reading=reading or first.reading))


def _reading_key(log: AuditLog) -> bytes:
    """Return the key of the log's encrypted fields, empty if it is lost; it serves on."""
    with contextlib.suppress(AuditError):
        state = log.chain.states.read()
        return b"" if state is None else state.reading
    return b""


def _known(log: AuditLog) -> tuple[int, dict[str, int]]:
    """Return the highest entry number and generations in log, state or anchor."""
    last, found = 0, dict[str, int]()
    for entry in log.chain.log_files.entries():
        n, stores = entry.get("n"), entry.get("stores")
        last = max(last, n if type(n) is int else 0)
        for name, value in stores.items() if isinstance(stores, dict) else ():
            found[name] = max(found.get(name, 0), value if type(value) is int else 0)
    with contextlib.suppress(AuditError):
        state = log.chain.states.read()
        if state is not None:  # kept out of reach of the log's files: it knows best
            last, found = max(last, state.n - 1), dict(state.stores)
    with contextlib.suppress(AuditError):
        anchored = log.anchor.read()
        last = max(last, anchored.n if anchored else 0)
    return last, found


@contextlib.contextmanager
def _new_file(path: Path, document: Mapping[str, object]) -> Iterator[None]:
    """Write *document*; it gets the name *path* only if the body succeeds."""
    partial = path.with_name(f"{path.name}.partial")
    text = json.dumps({"version": _VERSION, **document}, indent=1) + "\n"
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # ours from here on
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        partial.unlink(missing_ok=True)
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        yield
        partial.rename(path)
        files.sync_folder(path.parent)
    except BaseException as error:
        for each in (partial, path):
            each.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _unwritable(path, error) from error
        raise


def _unwritable(path: Path, error: OSError) -> AuditError:
    return AuditError(f"The verifier {path} cannot be written: {error.strerror}.")
