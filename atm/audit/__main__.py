"""`python -m atm.audit`: make a verifier for the auditor, verify the log, read it.

Exit code 0 means yes, 1 that `verify` found a problem, 2 an error with one sentence on standard
error.
"""

import argparse
import contextlib
import getpass
import json
import os
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from atm.audit.entries import AuditError
from atm.audit.log import AuditLog
from atm.audit.show import show, table
from atm.audit.verifier import READING_SUFFIX, hand_over, read_reading_key, read_verifier
from atm.audit.verify import verify
from atm.errors import AtmError
from atm.folder import FOLDER_FILE, open_earlier
from atm.settings import load_settings

T = TypeVar("T")

YES, NO, ERROR = 0, 1, 2


def main(arguments: Sequence[str] | None = None, who: Callable[[], str] = getpass.getuser) -> int:
    """Run one command; returns its exit code.

    Args:
        arguments: Those of the command line.
        who: Returns the reader's name, for the entry that `show` adds.
    """
    options = _parser().parse_args(arguments)
    try:
        settings = load_settings(options.config, os.environ, data_dir=options.data)
        if not (settings.data_dir / FOLDER_FILE).exists():
            raise AtmError(f"There is no data folder {settings.data_dir}.")
        log = AuditLog.of(open_earlier(settings.data_dir), settings.key_dir, settings.anchor_dir)
        if options.command == "init":
            return _init(log, options)
        if options.command == "verify":
            return _verify(log, options)
        return _show(log, options, who())
    except (AtmError, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return ERROR


def _init(log: AuditLog, options: argparse.Namespace) -> int:
    made = hand_over(log, options.verifier, set_aside=options.set_aside)
    print(f"{options.verifier} verifies the log from entry {made.start} on. Keep it elsewhere.")
    reading = f"{options.verifier}{READING_SUFFIX}"
    print(f"{reading} reads the names and amounts in it; keep it elsewhere too.")
    before = made.start - made.begins
    if before:
        print(f"The {before} entries before it cannot be verified with this file.")
    return YES


def _verify(log: AuditLog, options: argparse.Namespace) -> int:
    verifier = read_verifier(options.verifier)
    if verifier.folder != log.key_path.stem:
        raise AuditError(f"{options.verifier} is the verifier of another data folder.")
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
    for sentence in (*report.problems, *report.notes):
        print(sentence)
    print(report.summary())
    return NO if report.problems else YES


def _show(log: AuditLog, options: argparse.Namespace, who: str) -> int:
    since = None
    if options.since is not None:
        since = datetime.fromisoformat(options.since).astimezone()
    reading = b""
    if options.reading is not None:
        reading = read_reading_key(options.reading, log.key_path.stem)
    found = show(
        log, who, customer=options.customer, since=since, kind=options.kind, reading=reading
    )
    if options.json:
        for entry in found:
            print(json.dumps(entry))
    else:
        print(table(found))
    return YES


def _or_problem(read: Callable[[], T], problems: list[str]) -> T | None:
    """Return the result of *read*; on an AuditError add a problem and return None."""
    try:
        return read()
    except AuditError as error:
        problems.append(str(error))
        return None


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--data", type=Path, metavar="DIR", help="the data folder")
    common.add_argument("--config", type=Path, metavar="FILE", help="a kiosk.toml")
    parser = argparse.ArgumentParser(prog="python -m atm.audit", description=__doc__)
    commands = parser.add_subparsers(required=True, dest="command", metavar="COMMAND")

    def command(name: str, about: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, parents=[common], help=about, description=about)

    init = command(
        "init",
        "write the log's first key to a file for the auditor, once, and its reading key beside it",
    )
    init.add_argument("--verifier", type=Path, required=True, metavar="FILE", help="a new file")
    init.add_argument(
        "--set-aside",
        action="store_true",
        help="move a log that is damaged or lost its key away, and begin a new one",
    )
    checked = command("verify", "check whether any entry was changed, removed or added")
    checked.add_argument("--verifier", type=Path, required=True, metavar="FILE")
    shown = command("show", "read the log; the access is logged")
    shown.add_argument("--customer", metavar="ID", help="a customer's id")
    shown.add_argument("--since", metavar="T", help="such as 2026-11-23 or 2026-11-23T14:00")
    shown.add_argument("--kind", metavar="K", help="such as decision")
    shown.add_argument(
        "--reading",
        type=Path,
        metavar="FILE",
        help="the auditor's second key: shows names, amounts",
    )
    shown.add_argument("--json", action="store_true", help="as JSON lines")
    return parser


if __name__ == "__main__":
    sys.exit(main())
