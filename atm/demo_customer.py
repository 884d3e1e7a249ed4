"""The drawn customer that a demonstration comes with, so that its first visitor can log in.

Her name and her PIN stand on the home page: they open an account in folders of kind demo only,
which admit nobody real.
"""

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from atm.folder import Kind
from atm.people import Application, StaffMember
from face_auth.camera.drawn_camera import DrawnCamera
from face_auth.camera.sources import SourceKind, source_kind

if TYPE_CHECKING:
    from atm.machine import Machine

USERNAME: Final = "elena"
FULL_NAME: Final = "Elena Rivera"
PIN: Final = "4938"
OPENING_MINOR: Final = 135_000
CAMERA: Final = "demo"
"""Her face, as a camera."""
SOMEBODY_ELSE: Final = "demo:1"
"""Another drawn person, whom the network tells from her."""
STAFF: Final = StaffMember("demonstration")
"""Who enrolled her, in the log."""


def state(machine: "Machine") -> str:
    """Return how she stands, as `Office.customers` has it; "" where she is not enrolled."""
    found = {customer.username: state for customer, state in machine.office.customers(staff=STAFF)}
    return found.get(USERNAME, "")


def enrol_demo_customer(machine: "Machine", cancel: threading.Event | None = None) -> None:
    """Enrol her, by an enrolment like any other, where nobody is enrolled in a demonstration yet.

    Nothing happens in a live or test folder, and where the camera is not a drawn one: before it
    she could not log in. It takes three to six seconds of one core.

    Raises:
        AtmError, CredentialError, FaceAuthError: If it does not come about; nothing is saved then.
    """
    drawn = source_kind(machine.settings.camera) is SourceKind.DEMO
    if machine.kind is not Kind.DEMO or not drawn or machine.has_customers:
        return
    machine.enrol(
        Application(USERNAME, FULL_NAME, OPENING_MINOR, PIN, datetime.now(UTC)),
        staff=STAFF,
        cancel=cancel,
        camera=DrawnCamera(CAMERA),
    )
