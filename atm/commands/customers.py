"""Commands about customers: enrol, log in, unlock, new PIN or face, delete, export."""

import argparse
import contextlib
import json
import sys
from dataclasses import replace
from datetime import UTC, datetime

from atm.accounts.money import parse_amount, plain_amount
from atm.enrolment.duplicate_face import DuplicateQuestion
from atm.errors import AtmError
from atm.liveness_policy import checked_excuses
from atm.login.decision import Decision, Outcome
from atm.machine import Machine
from atm.maintenance.import_plain import shred
from atm.maintenance.printed import printed
from atm.people import Application, Signatures, StaffMember, StaffSignInError
from atm.terminal import ERROR, NO, SECOND, YES, ask, sign_in, sign_two
from credentials.policy import check_pin
from face_auth.camera.sources import check_there
from face_auth.types import EnrolProgress, LoginProgress, Movement

MOVEMENTS = {
    Movement.LEFT: "turn your head to your left",
    Movement.RIGHT: "turn your head to your right",
    Movement.UP: "look up",
    Movement.DOWN: "look down",
    Movement.CLOSER: "come closer",
}
SENTENCES = {
    Outcome.REFUSED: "Not admitted. Wait a minute and try again, or ask staff.",
    Outcome.NO_FACE: "We could not see your face. Try again.",
    Outcome.FAULT: "Service not available. Ask staff.",
    Outcome.PAUSED: "This machine pauses after too many refusals. Try again later, or ask staff.",
}


class _SpokenPrompts:
    """Prints each new movement that the liveness challenge asks for, on standard error."""

    def __init__(self) -> None:
        self._said: Movement | None = None

    def login(self, progress: LoginProgress) -> None:
        self._say(progress.asked.movement)

    def enrolment(self, progress: EnrolProgress) -> None:
        self._say(progress.pose)

    def _say(self, movement: Movement | None) -> None:
        if movement is not None and movement is not self._said:
            print(f"Please {MOVEMENTS[movement]}.", file=sys.stderr)
        self._said = movement


def enrol(machine: Machine, options: argparse.Namespace) -> int:
    """Enrol a customer."""
    staff = sign_in(machine.staff)
    opening_minor = parse_amount(options.balance, machine.settings.currency)
    machine.check_username(options.name, staff=staff)
    excused = checked_excuses(options.excuse)
    if options.card:
        _ = machine.card_acts  # or nobody types anything
    application = Application(
        username=options.name,
        full_name=options.full_name or options.name,
        opening_minor=opening_minor,
        pin="",
        consent_at=datetime.now(UTC),
        excused=tuple(excused),
        consent=options.consent,
        card=options.card,
    )
    signed: StaffMember | Signatures = staff
    if machine.needs_two(application):
        signed = Signatures(staff, sign_in(machine.staff, SECOND))
    application = replace(application, pin=ask("Customer's PIN: "))
    check_pin(application.pin)
    _use_camera(machine, options.camera)

    def second(question: DuplicateQuestion) -> StaffMember | None:
        print(
            f"This face is close to that of customer {question.username}."
            " A second member of staff may sign to go on.",
            file=sys.stderr,
        )
        try:
            return sign_in(machine.staff, SECOND)
        except StaffSignInError:
            return None

    customer = machine.enrol(
        application, staff=signed, ask=second, progress=_SpokenPrompts().enrolment
    )
    print(f"enrolled {customer.username}")
    return YES


def login(machine: Machine, options: argparse.Namespace) -> int:
    """Check PIN and face."""
    pin = ask("PIN: ")
    _use_camera(machine, options.camera)
    machine.warm_up()
    return told(machine.login(options.name, pin, progress=_SpokenPrompts().login))


def told(decision: Decision) -> int:
    """Print what a login came to; returns the exit code."""
    if decision.outcome is Outcome.GRANTED:
        print("granted")
        return YES
    print(SENTENCES[decision.outcome], file=sys.stderr)
    if decision.outcome is Outcome.FAULT:
        return ERROR
    print("refused")
    return NO


def _use_camera(machine: Machine, spec: str) -> None:
    check_there(spec)
    machine.use_camera(spec)


def unlock(machine: Machine, options: argparse.Namespace) -> int:
    """Unlock a customer."""
    machine.office.unlock(options.name, staff=sign_in(machine.staff))
    print(f"unlocked {options.name}")
    return YES


def new_pin(machine: Machine, options: argparse.Namespace) -> int:
    """Set the new PIN that a customer types."""
    signed = sign_two(machine.staff)
    machine.office.new_pin(options.name, ask("Customer's new PIN: "), signed=signed)
    print(f"{options.name} has a new PIN")
    return YES


def new_face(machine: Machine, options: argparse.Namespace) -> int:
    """Capture a customer's face again."""
    signed = sign_two(machine.staff)
    _use_camera(machine, options.camera)
    machine.new_face(options.name, signed=signed, progress=_SpokenPrompts().enrolment)
    print(f"{options.name} has a new face")
    return YES


def excuse(machine: Machine, options: argparse.Namespace) -> int:
    """Set the movements that a customer cannot make."""
    machine.office.excuse(options.name, options.movements, signed=sign_two(machine.staff))
    print(f"{options.name} is not asked for: {', '.join(options.movements) or 'nothing'}")
    return YES


def delete(machine: Machine, options: argparse.Namespace) -> int:
    """Delete a customer."""
    if options.override:
        signed = sign_two(machine.staff)
        balance = machine.office.delete(options.name, staff=signed.first, override=signed)
    else:
        balance = machine.office.delete(options.name, staff=sign_in(machine.staff))
    left = plain_amount(balance, machine.settings.currency)
    print(f"deleted {options.name}; {left} was on the account")
    return YES


def import_names(machine: Machine, options: argparse.Namespace) -> int:
    """Import the prototype's names."""
    staff = sign_in(machine.staff)
    report = machine.bank.import_names(options.file, staff=staff)
    print(f"imported {len(report.imported)} pending names")
    for name in report.taken:
        print(f"{name}: taken already, left as it is", file=sys.stderr)
    for name in report.refused:
        print(f"{name}: not a username, left out", file=sys.stderr)
    print(f"{options.file} still holds everybody's PIN as plain text.")
    answer = ""
    with contextlib.suppress(AtmError):  # a script that gives no answer keeps the file
        answer = ask("Type “shred” to overwrite and delete it: ", secret=False)
    if answer != "shred":
        print("It was left as it is; delete it and every copy of it.")
        return YES
    shred(options.file)
    print(f"{options.file} is gone; delete every copy of it too.")
    return YES


def export_customer(machine: Machine, options: argparse.Namespace) -> int:
    """Print all data kept about a customer."""
    staff = sign_in(machine.staff)
    kept = machine.bank.export(options.name, staff=staff)
    if options.print:
        print(printed(kept, datetime.now(UTC)))
    else:
        print(json.dumps(kept, indent=2, ensure_ascii=False))
    return YES
