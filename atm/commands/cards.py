"""Command for customers' cards: block a lost one, register another one."""

import argparse

from atm.machine import Machine
from atm.terminal import YES, sign_in, sign_two


def card(machine: Machine, options: argparse.Namespace) -> int:
    """Block a customer's card, or replace it by the one in the reader."""
    acts = machine.card_acts  # or nobody types anything
    if options.act == "block":
        acts.block(options.name, staff=sign_in(machine.staff))
        print(f"the card of {options.name} is blocked")
    else:
        acts.replace(options.name, signed=sign_two(machine.staff))
        print(f"{options.name} has a new card")
    return YES
