"""`python -m atm.audit`: make a verifier for the auditor, verify the log, read it.

`verify` needs the auditor's file and nothing else. Whatever changes or shows the log needs members
of staff who sign in: one for `show` and for the first `init`, two for a later one.

Exit code 0 means yes, 1 that `verify` found a problem or a sign-in was wrong, 2 an error with one
sentence on standard error.
"""

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from atm.audit.log import AuditLog
from atm.audit.show import show, table
from atm.audit.verifier import (
    READING_SUFFIX,
    Verifier,
    check_damaged,
    hand_over,
    known_generations,
    read_reading_key,
    read_verifier,
)
from atm.audit.verify import verify_log
from atm.birth import open_born
from atm.commands.door import opened
from atm.errors import AtmError
from atm.folder import DataFolder, open_earlier
from atm.keys.keys import Keys
from atm.people import StaffSignInError
from atm.settings import Settings, load_settings
from atm.stores import open_staff
from atm.terminal import ERROR, NO, YES, sign_in, sign_two
from credentials.errors import CredentialError
from face_auth.command_line import Parser, ShowVersion, told
from face_auth.printing import escape_what_cannot_be_printed


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    escape_what_cannot_be_printed()
    options = _parser().parse_args(arguments)
    try:
        settings = load_settings(options.config, os.environ, data_dir=options.data)
        if options.command == "verify":
            folder = open_earlier(settings.data_dir)
        else:
            folder = open_born(settings)
        if options.command == "verify":
            log = AuditLog.of(folder, settings.key_dir, settings.anchor_dir)
            return _verify(log, options)
        if options.command == "show":
            return _show(settings, folder, options)
        return (_set_aside if options.set_aside else _init)(settings, folder, options.verifier)
    except StaffSignInError as error:
        print(error, file=sys.stderr)
        return NO
    except (AtmError, CredentialError, ValueError, OSError) as error:
        print(told(error), file=sys.stderr)
        return ERROR


def _init(settings: Settings, folder: DataFolder, file: Path) -> int:
    """Hand the log over to the auditor; two sign where an auditor has a file already."""
    with folder.held(), opened(settings, folder) as found:
        log = found.stores.audit
        names = sign_two(found.staff).names if log.verifiable else [sign_in(found.staff).name]
        return _told(hand_over(log, file, staff=names), file)


def _set_aside(settings: Settings, folder: DataFolder, file: Path) -> int:
    """Begin a new log in place of one that is damaged or lost its key; no kiosk runs meanwhile.

    What is left of the log still tells which list of staff is the newest: the two sign by no other.
    """
    with folder.held(alone=True):
        log = AuditLog.of(folder, settings.key_dir, settings.anchor_dir)
        check_damaged(log)
        if settings.store:
            from atm.fleet.kiosk.client import client_of  # httpx with it
            from atm.fleet.kiosk.staff import RemoteStaff

            with (
                contextlib.closing(client_of(settings)) as client,
                contextlib.closing(RemoteStaff(client)) as staff,
            ):
                names = sign_two(staff).names
        else:
            keys = Keys.open(settings.key_dir, folder)
            known = known_generations(log)
            names = sign_two(open_staff(folder, keys, settings, known, sets_log_aside=True)).names
        return _told(hand_over(log, file, set_aside=True, staff=names), file)


def _told(made: Verifier, file: Path) -> int:
    print(f"{file} verifies the log from entry {made.start} on. Keep it elsewhere.")
    print(f"{file}{READING_SUFFIX} reads the names and amounts in it; keep it elsewhere too.")
    before = made.start - made.begins
    if before:
        print(f"The {before} entries before it cannot be verified with this file.")
    return YES


def _verify(log: AuditLog, options: argparse.Namespace) -> int:
    report = verify_log(log, read_verifier(options.verifier))
    for sentence in (*report.problems, *report.notes):
        print(sentence)
    print(report.summary())
    return NO if report.problems else YES


def _show(settings: Settings, folder: DataFolder, options: argparse.Namespace) -> int:
    since = None
    if options.since is not None:
        try:
            since = datetime.fromisoformat(options.since).astimezone()
        except ValueError as error:
            raise AtmError("--since is a day or a time, such as 2026-11-23T14:00.") from error
    reading = b""
    if options.reading is not None:
        reading = read_reading_key(options.reading, folder.folder_id)
    with folder.held(), opened(settings, folder) as found:
        who = sign_in(found.staff).name
        entries = show(
            found.stores.audit, who, customer=options.customer, since=since, kind=options.kind,
            reading=reading,
        )  # fmt: skip
    if options.json:
        for entry in entries:
            print(json.dumps(entry))
    else:
        print(table(entries))
    return YES


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--data", type=Path, metavar="DIR", help="the data folder")
    common.add_argument("--config", type=Path, metavar="FILE", help="a kiosk.toml")
    parser = Parser(prog="python -m atm.audit", description=__doc__)
    parser.add_argument("--version", action=ShowVersion)
    commands = parser.add_subparsers(required=True, dest="command", metavar="COMMAND")

    def command(name: str, about: str) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = commands.add_parser(
            name, parents=[common], help=about, description=about
        )
        return made

    init = command(
        "init",
        "write the log's first key to a file for the auditor, and its reading key beside it; reads"
        " name and PIN of one member of staff, or of two where an auditor has a file already",
    )
    init.add_argument("--verifier", type=Path, required=True, metavar="FILE", help="a new file")
    init.add_argument(
        "--set-aside",
        action="store_true",
        help="move a log that is damaged or lost its key away, and begin a new one; two sign",
    )
    checked = command("verify", "check whether any entry was changed, removed or added")
    checked.add_argument("--verifier", type=Path, required=True, metavar="FILE")
    shown = command("show", "read the log; reads staff name and PIN, and logs who looked")
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
