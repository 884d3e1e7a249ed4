"""Drawn customer of a demonstration, enrolled so that the first visitor can log in.

The home page shows her name and PIN: they open an account in folders of kind demo only, which
admit no real customer.
"""

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from atm.accounts.money import to_minor
from atm.folder import Kind
from atm.people import Application, StaffMember
from face_auth.camera.drawn_camera import DrawnCamera
from face_auth.camera.sources import SourceKind, source_kind

if TYPE_CHECKING:
    from atm.machine import Machine

USERNAME: Final = "elena"
FULL_NAME: Final = "Elena Rivera"
PIN: Final = "4938"
OPENING: Final = 1350
"""Her opening balance, in whole units of the currency."""
CAMERA: Final = "demo"
"""Camera with her face."""
SOMEBODY_ELSE: Final = "demo:1"
"""Camera with another drawn person, whom the network tells from her."""
STAFF: Final = StaffMember("demonstration")
"""Name in the log for her enrolment."""


def state(machine: "Machine") -> str:
    """Return her state as `Office.customers` has it; "" if she is not enrolled."""
    found = {customer.username: state for customer, state in machine.office.customers(staff=STAFF)}
    return found.get(USERNAME, "")


def enrol_demo_customer(machine: "Machine", cancel: threading.Event | None = None) -> None:
    """Enrol her, by an ordinary enrolment, in a demonstration without customers.

    Nothing happens in a live or test folder, or with a camera that is not a drawn one, where she
    could not log in. It takes three to six seconds of one core.

    Raises:
        AtmError, CredentialError, FaceAuthError: If the enrolment fails; nothing is saved then.
    """
    drawn = source_kind(machine.settings.camera) is SourceKind.DEMO
    if machine.kind is not Kind.DEMO or not drawn or machine.has_customers:
        return
    opening_minor = to_minor(OPENING, machine.settings.currency)
    machine.enrol(
        Application(USERNAME, FULL_NAME, opening_minor, PIN, datetime.now(UTC)),
        staff=STAFF,
        cancel=cancel,
        camera=DrawnCamera(CAMERA),
    )
