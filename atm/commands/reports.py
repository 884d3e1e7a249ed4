"""Reports for staff as text or JSON: customers, refusals, open withdrawals, health."""

import argparse
import dataclasses
import json
import textwrap
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from atm.accounts.dispenser import SIMULATED
from atm.accounts.money import plain_amount
from atm.errors import AtmError
from atm.machine import Machine
from atm.maintenance.health import Health
from atm.people import StaffMember
from atm.staff.inactivity import Kept
from atm.staff.refusals import Refusal
from atm.terminal import NO, YES, sign_in
from face_auth.models import PUBLISHED

WIDTH = 80
"""Columns of a terminal that every line of text fits in, unless one word is longer."""
NONE = "none"


def customers(machine: Machine, options: argparse.Namespace) -> int:
    """List customers."""
    found = [
        {"username": customer.username, "full_name": customer.full_name, "state": state}
        for customer, state in machine.office.customers(staff=sign_in(machine.staff))
    ]
    _show(options, {"customers": found}, ["\t".join(each.values()) for each in found])
    return YES


def refusals(machine: Machine, options: argparse.Namespace) -> int:
    """Print the last refusals."""
    found = machine.office.refusals(options.number, staff=sign_in(machine.staff))
    as_json = [dataclasses.asdict(each) | {"at": each.at.isoformat()} for each in found]
    lines = [line for each in found for line in _refusal(each)]
    _show(options, {"refusals": as_json}, lines)
    return YES


def holds(machine: Machine, options: argparse.Namespace) -> int:
    """List withdrawals with an unknown outcome, or settle one."""
    if options.json and options.reference is not None:
        raise AtmError("--json goes with the list alone, without a REFERENCE.")
    member = sign_in(machine.staff)
    if options.reference is not None:
        return _settle(machine, options, member)
    currency = machine.settings.currency
    found = [
        {
            "reference": hold.reference,
            "username": username,
            "amount": plain_amount(hold.amount_minor, currency),
            "at": str(hold.at),
        }
        for hold, username in machine.office.holds(staff=member)
    ]
    lines = ["\t".join(value or "-" for value in each.values()) for each in found]
    _show(options, {"holds": found}, lines)
    return YES


def inactive(machine: Machine, options: argparse.Namespace) -> int:
    """List the accounts that were not used for long, or delete those that are due."""
    if options.json and options.delete:
        raise AtmError("--json goes with the list alone, without --delete.")
    accounts = machine.bank.inactivity  # or nobody types anything
    member = sign_in(machine.staff)
    found = accounts.listed(staff=member)
    if options.delete:
        due = [each for each in found if each.kept is Kept.DUE]
        for each in due:
            accounts.delete(each.customer.username, staff=member)
            print(f"deleted {each.customer.username}, unused since {each.since}")
        if not due:
            print(NONE)
        return YES
    rows = [
        {
            "username": each.customer.username,
            "unused_since": each.since.isoformat(),
            "due": each.due.isoformat(),
            "kept": None if each.kept is Kept.DUE else each.kept.value,
        }
        for each in found
    ]
    lines = ["\t".join(value or Kept.DUE.value for value in each.values()) for each in rows]
    _show(options, {"inactive": rows}, lines)
    return YES


def health(machine: Machine, options: argparse.Namespace) -> int:
    """Print the state of the machine; exit code 1 if staff should act."""
    sign_in(machine.staff)
    found = machine.health()
    as_json = dataclasses.asdict(found) | {
        "clock": found.clock.isoformat(),
        "last_backup": None if found.last_backup is None else found.last_backup.isoformat(),
    }
    _show(options, as_json, _health(found))
    return NO if found.notes else YES


def _show(options: argparse.Namespace, as_json: dict[str, Any], lines: Sequence[str]) -> None:
    """Print the JSON, or the lines of text; without any line the word none."""
    if options.json:
        print(json.dumps(as_json, indent=1, ensure_ascii=False))
    else:
        print("\n".join(lines) or NONE)


def _refusal(each: Refusal) -> list[str]:
    times = f" x{each.times}" if each.times > 1 else ""
    at = f"{each.at.astimezone():%Y-%m-%d %H:%M:%S %Z}"
    reasons = [
        textwrap.fill(
            reason, WIDTH, initial_indent="    ", subsequent_indent="      ",
            break_on_hyphens=False,
        )
        for reason in each.reasons
    ]  # fmt: skip
    return [f"{at}  {each.outcome}{times}  {each.username or '-'}", *reasons]


def _health(found: Health) -> list[str]:
    better = found.other_network == PUBLISHED
    advice = f"; “python -m atm rebuild {PUBLISHED}” brings the better one" if better else ""
    network = "" if found.liveness_network or found.liveness == "off" else ", WITHOUT its network"
    where = "in the TPM" if found.key_in_tpm else "in a file"
    return [
        f"disk\t{found.disk_free_share:.0%} free",
        f"camera\t{found.camera_problem or 'may be used'}",
        f"clock\t{found.clock:%Y-%m-%d %H:%M:%S %Z}",
        f"model\t{found.network}, {'approved' if found.approved else 'NOT approved'}{advice}",
        f"liveness\t{found.liveness}{network}",
        f"keys\tlast backup {_day(found.last_backup)}; root key {where}",
        f"log\troom for {found.log_room:,} entries; remembered outside the disk: {found.memory}",
        f"pause\t{found.pause_s:.0f} s",
        f"dispenser\t{_dispenser(found)}",
        *_without_face(found),
        *found.notes,
    ]


def _dispenser(found: Health) -> str:
    if found.dispenser == SIMULATED:
        return "simulated; no notes come out"
    return f"{found.dispenser}; EXPERIMENTAL, never tried on a device"


def _without_face(found: Health) -> list[str]:
    if found.without_face == "off" and not found.admitted_attended:
        return []
    counted = f"{found.admitted_attended} of the last {found.admitted} logins"
    return [f"without face\t{found.without_face}; {counted}"]


def _settle(machine: Machine, options: argparse.Namespace, member: StaffMember) -> int:
    found = {hold.reference: hold for hold, _ in machine.office.holds(staff=member)}
    if options.reference not in found:
        raise AtmError(f"There is no open hold {options.reference}.")
    if options.paid is None:
        raise AtmError("Check the dispenser, then repeat the command with --paid or --no-paid.")
    machine.office.settle(found[options.reference], options.paid, staff=member)
    print(f"settled {options.reference}: {'paid' if options.paid else 'not paid'}")
    return YES


def _day(moment: datetime | None) -> str:
    return "never" if moment is None else f"{moment:%Y-%m-%d}"
