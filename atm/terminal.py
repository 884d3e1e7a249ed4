"""Prompts of the commands: at a terminal without echo, otherwise lines of standard input."""

import getpass
import sys

from atm.errors import AtmError
from atm.people import Signatures, StaffMember
from atm.ports import SignIn
from credentials.attempt_rules import Place

YES, NO, ERROR = 0, 1, 2
"""Exit codes."""
SECOND = "Second staff"
"""Prompt for the second of two members of staff."""


def ask(prompt: str, *, secret: bool = True) -> str:
    """Return one line, read without echo at a terminal if *secret*.

    Raises:
        AtmError: If standard input has ended.
    """
    if sys.stdin.isatty():
        return getpass.getpass(prompt) if secret else input(prompt)
    line = sys.stdin.readline()
    if not line:
        raise AtmError(f'Standard input ended where "{prompt.rstrip(": ")}" was expected.')
    return line.rstrip("\r\n")


def confirm(terms: str) -> bool:
    """Show *terms* and return whether the next line is a yes; true where there are none.

    Raises:
        AtmError: If standard input has ended.
    """
    if not terms:
        return True
    print(terms)
    return ask("Type “yes” to confirm: ", secret=False).strip().lower() == "yes"


def sign_in(staff: SignIn, who: str = "Staff") -> StaffMember:
    """Ask for name and PIN of a member of staff and sign them in.

    Raises:
        StaffSignInError: If name or PIN is wrong.
    """
    name = ask(f"{who} name: ", secret=False)
    return staff.sign_in(name, ask(f"{who} PIN: "), place=Place.COMMAND_LINE)


def sign_two(staff: SignIn) -> Signatures:
    """Ask for two different members of staff and sign them in.

    Raises:
        StaffSignInError: If name or PIN of one is wrong.
        SecondSignatureError: If it is the same person twice.
    """
    first = sign_in(staff)
    return Signatures(first, sign_in(staff, SECOND))
