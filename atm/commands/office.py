"""Commands about staff and the machine: init, staff, refusals, health, holds, register-camera."""

import argparse
from datetime import datetime

from atm.accounts.money import plain_amount
from atm.errors import AtmError
from atm.machine import Machine
from atm.people import Signatures
from atm.terminal import NO, SECOND, YES, ask, confirm, sign_in
from credentials.attempt_rules import Place
from face_auth.models import PUBLISHED


def init(machine: Machine, options: argparse.Namespace) -> int:
    """Make the first member of staff, who approves models and settings."""
    if not machine.staff.empty:
        raise AtmError("This data folder already has staff.")
    name = ask("Staff name: ", secret=False)
    pin = ask("Staff PIN (six digits or more): ")
    if not confirm(machine.terms):
        print("Nothing was approved, and there is no member of staff yet.")
        return NO
    machine.first_staff(name, pin, confirmed=machine.terms)
    print(f"{machine.settings.data_dir} is ready ({machine.kind}).")
    return YES


def staff(machine: Machine, options: argparse.Namespace) -> int:
    """List, add, remove or unlock members of staff."""
    if options.act == "list":
        for name, waits in machine.office.members(staff=sign_in(machine.staff)):
            print(f"{name}\t{'waiting' if waits else 'active'}")
        return YES
    if options.act == "change-pin":
        name, old = ask("Staff name: ", secret=False), ask("Staff PIN: ")
        new = ask("New PIN (six digits or more): ")
        machine.staff.change_pin(name, old, new, place=Place.COMMAND_LINE)
        print(f"staff change-pin: {name}")
        return YES
    first = sign_in(machine.staff)
    alone = options.act == "add" and len(machine.office.members(staff=first)) == 1
    signed = first if alone else Signatures(first, sign_in(machine.staff, SECOND))
    if options.name is None:
        raise AtmError(f"staff {options.act} needs a name.")
    if options.act == "add":
        pin = ask("New member's PIN (six digits or more): ")
        machine.office.add_staff(options.name, pin, signed=signed)
    else:
        assert isinstance(signed, Signatures)
        act = (
            machine.office.remove_staff if options.act == "remove" else machine.office.unlock_staff
        )
        act(options.name, signed=signed)
    print(f"staff {options.act}: {options.name}")
    return YES


def refusals(machine: Machine, options: argparse.Namespace) -> int:
    """Print the last refusals."""
    member = sign_in(machine.staff)
    for each in machine.office.refusals(options.number, staff=member):
        who = each.username or "-"
        times = f" x{each.times}" if each.times > 1 else ""
        print(
            f"{each.at:%Y-%m-%d %H:%M:%S}\t{who}\t{each.outcome}{times}\t{'; '.join(each.reasons)}"
        )
    return YES


def health(machine: Machine, options: argparse.Namespace) -> int:
    """Print the state of the machine; exit code 1 if staff should act."""
    sign_in(machine.staff)
    found = machine.health()
    print(f"disk\t{found.disk_free_share:.0%} free")
    print(f"camera\t{found.camera_problem or 'may be used'}")
    print(f"clock\t{found.clock:%Y-%m-%d %H:%M:%S %Z}")
    better = found.other_network == PUBLISHED
    advice = f"; “python -m atm rebuild {PUBLISHED}” brings the better one" if better else ""
    print(f"model\t{found.network}, {'approved' if found.approved else 'NOT approved'}{advice}")
    network = "" if found.liveness_network or found.liveness == "off" else ", WITHOUT its network"
    print(f"liveness\t{found.liveness}{network}")
    where = "in the TPM" if found.key_in_tpm else "in a file"
    print(f"keys\tlast backup {_day(found.last_backup)}; root key {where}")
    print(f"log\troom for {found.log_room} entries; remembered outside the disk: {found.memory}")
    print(f"pause\t{found.pause_s:.0f} s")
    for note in found.notes:
        print(note)
    return NO if found.notes else YES


def holds(machine: Machine, options: argparse.Namespace) -> int:
    """List withdrawals with an unknown outcome, or settle one."""
    member = sign_in(machine.staff)
    holds = machine.office.holds(staff=member)
    found = {hold.reference: (hold, username) for hold, username in holds}
    if options.reference is None:
        for hold, username in found.values():
            amount = plain_amount(hold.amount_minor, machine.settings.currency)
            print(f"{hold.reference}\t{username or '-'}\t{amount}\t{hold.at}")
        return YES
    if options.reference not in found:
        raise AtmError(f"There is no open hold {options.reference}.")
    if options.paid is None:
        raise AtmError("Check the dispenser, then repeat the command with --paid or --no-paid.")
    machine.office.settle(found[options.reference][0], options.paid, staff=member)
    print(f"settled {options.reference}: {'paid' if options.paid else 'not paid'}")
    return YES


def register_camera(machine: Machine, options: argparse.Namespace) -> int:
    """Register this camera as the only one of a live data folder."""
    member = sign_in(machine.staff)
    if options.camera is not None:
        machine.use_camera(options.camera)
    identity = machine.register_camera(staff=member)
    print(f"registered {identity.name or 'the camera'} at {identity.bus_path}")
    return YES


def _day(moment: datetime | None) -> str:
    return "never" if moment is None else f"{moment:%Y-%m-%d}"
