"""Commands about staff and the machine: init, staff, register-camera."""

import argparse

from atm.errors import AtmError
from atm.machine import Machine
from atm.people import Signatures
from atm.terminal import NO, SECOND, YES, ask, confirm, sign_in
from credentials.attempt_rules import Place


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


def register_camera(machine: Machine, options: argparse.Namespace) -> int:
    """Register this camera as the only one of a live data folder."""
    member = sign_in(machine.staff)
    if options.camera is not None:
        machine.use_camera(options.camera)
    identity = machine.register_camera(staff=member)
    print(f"registered {identity.name or 'the camera'} at {identity.bus_path}")
    return YES
