"""`python -m atm`: the machine's use cases without the window.

Exit code 0 means yes, 1 no, 2 an error with one sentence on standard error. Secrets are asked
without echo at a terminal and otherwise read from standard input, one a line, in the order that
each command's help names.
"""

import argparse
import getpass
import logging
import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from atm.enrolment import Application, EnrolmentError
from atm.errors import AtmError
from atm.folder import Kind
from atm.import_plain import import_plain
from atm.decision import Outcome
from atm.machine import Machine
from atm.money import parse_amount
from atm.settings import load_settings
from atm.staff import StaffMember, StaffSignInError
from credentials.errors import CredentialError
from credentials.policy import check_pin
from face_auth.errors import FaceAuthError

YES, NO, ERROR = 0, 1, 2

SENTENCES = {
    Outcome.REFUSED: "Not admitted. Try again or ask staff.",
    Outcome.NO_FACE: "We could not see your face. Try again.",
    Outcome.FAULT: "Service not available. Ask staff.",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    options = _parser().parse_args(arguments)
    logging.getLogger().addHandler(logging.NullHandler())  # stderr is for the one sentence
    machine: Machine | None = None
    try:
        settings = load_settings(
            options.config,
            os.environ,
            data_dir=options.data,
            kind=getattr(options, "kind", None),
        )
        machine = Machine.open(settings)
        run: Callable[[Machine, argparse.Namespace], int] = options.run
        return run(machine, options)
    except (StaffSignInError, EnrolmentError) as error:
        print(error, file=sys.stderr)
        return NO
    except (AtmError, CredentialError, FaceAuthError, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return ERROR
    except KeyboardInterrupt:
        print("Stopped; nothing was decided.", file=sys.stderr)
        return ERROR
    finally:
        if machine is not None:
            machine.close()


def _init(machine: Machine, options: argparse.Namespace) -> int:
    if not machine.staff.empty:
        raise AtmError("This data folder has its staff already.")
    name = _ask("Staff name: ", secret=False)
    machine.staff.add_first(name, _ask("Staff PIN (six digits or more): "))
    machine.audit.append("staff", act="first", staff=name)
    print(f"{machine.settings.data_dir} is ready ({machine.kind}).")
    return YES


def _enrol(machine: Machine, options: argparse.Namespace) -> int:
    staff = _sign_in(machine)
    opening_minor = parse_amount(options.balance)
    machine.check_username(options.name)
    pin = _ask("Customer's PIN: ")
    check_pin(pin)
    machine.use_camera(options.camera)
    customer = machine.enrol(
        Application(
            username=options.name,
            full_name=options.full_name or options.name,
            opening_minor=opening_minor,
            pin=pin,
            consent_at=datetime.now(UTC),
        ),
        staff=staff,
    )
    print(f"enrolled {customer.username}")
    return YES


def _login(machine: Machine, options: argparse.Namespace) -> int:
    pin = _ask("PIN: ")
    machine.use_camera(options.camera)
    machine.warm_up()
    decision = machine.login(options.name, pin)
    if decision.outcome is Outcome.GRANTED:
        print("granted")
        return YES
    print(SENTENCES[decision.outcome], file=sys.stderr)
    if decision.outcome is Outcome.FAULT:
        return ERROR
    print("refused")
    return NO


def _list(machine: Machine, options: argparse.Namespace) -> int:
    _sign_in(machine)
    for customer, state in machine.customers():
        print(f"{customer.username}\t{customer.full_name}\t{state}")
    return YES


def _unlock(machine: Machine, options: argparse.Namespace) -> int:
    machine.unlock(options.name, staff=_sign_in(machine))
    print(f"unlocked {options.name}")
    return YES


def _delete(machine: Machine, options: argparse.Namespace) -> int:
    balance = machine.delete(options.name, staff=_sign_in(machine))
    print(f"deleted {options.name}; {balance / 100:.2f} was on the account")
    return YES


def _import(machine: Machine, options: argparse.Namespace) -> int:
    staff = _sign_in(machine)
    report = import_plain(options.file, machine.store)
    machine.audit.append("import", names=len(report.imported), staff=staff.name)
    print(f"imported {len(report.imported)} pending names")
    for name in report.taken:
        print(f"{name}: taken already, left as it is", file=sys.stderr)
    for name in report.refused:
        print(f"{name}: not a username, left out", file=sys.stderr)
    return YES


def _sign_in(machine: Machine) -> StaffMember:
    name = _ask("Staff name: ", secret=False)
    return machine.staff.sign_in(name, _ask("Staff PIN: "))


def _ask(prompt: str, *, secret: bool = True) -> str:
    """Return one line: without echo at a terminal, else the next of standard input."""
    if sys.stdin.isatty():
        return getpass.getpass(prompt) if secret else input(prompt)
    line = sys.stdin.readline()
    if not line:
        raise AtmError(f'Standard input ended where "{prompt.rstrip(": ")}" was expected.')
    return line.rstrip("\r\n")


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--data", type=Path, metavar="DIR", help="the data folder")
    common.add_argument("--config", type=Path, metavar="FILE", help="a kiosk.toml")
    parser = argparse.ArgumentParser(prog="python -m atm", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(
        name: str, run: Callable[[Machine, argparse.Namespace], int], about: str, *needs: str
    ) -> argparse.ArgumentParser:
        made = commands.add_parser(name, parents=[common], help=about, description=about)
        made.set_defaults(run=run)
        if "name" in needs:
            made.add_argument("name", metavar="NAME", help="the customer's username")
        if "camera" in needs:
            made.add_argument(
                "--camera",
                required=True,
                metavar="SPEC",
                help="0, /dev/video0, https://..., a video, a folder of pictures, or demo",
            )
        return made

    init = command("init", _init, "make a data folder; reads the first staff name and PIN")
    init.add_argument("--kind", type=Kind, choices=list(Kind), help="default: live")
    enrol = command(
        "enrol", _enrol, "make a customer; reads staff name, staff PIN, customer's PIN",
        "name", "camera",
    )  # fmt: skip
    enrol.add_argument("--full-name", metavar="T", help="default: the username")
    enrol.add_argument("--balance", default="0", metavar="N", help="opening balance, default 0")
    command("login", _login, "check PIN and face; reads the PIN", "name", "camera")
    command("list", _list, "list customers; reads staff name and PIN")
    command("unlock", _unlock, "unlock a customer; reads staff name and PIN", "name")
    command("delete", _delete, "delete a customer; reads staff name and PIN", "name")
    imported = command(
        "import-plain", _import, "bring in the prototype's names; reads staff name and PIN"
    )
    imported.add_argument("file", type=Path, metavar="FILE", help="userCredentials.json")
    return parser


if __name__ == "__main__":
    sys.exit(main())
