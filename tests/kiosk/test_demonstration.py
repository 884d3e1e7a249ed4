"""Demonstration: from an empty folder without a camera to a first login, on real machines."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from atm.demo_customer import FULL_NAME, PIN, USERNAME
from atm.folder import Kind
from atm.people import Customer
from atm.settings import Settings
from kiosk.widgets.buttons import Button
from tests.kiosk.login_steps import log_in, refused
from tests.kiosk.staff_steps import words

pytestmark = pytest.mark.gui

LONG_S = 120.0
"""For what loads models, draws faces and enrols, on a busy machine."""


@pytest.fixture
def visited(settings: Settings) -> Iterator[Any]:
    """What `make kiosk` opens for the first time, on a machine without a camera.

    No movements are asked for: whether a starved machine follows them is not what is tested here.
    """
    from kiosk.main import open_machine
    from tests.kiosk.conftest import Kiosk

    made = Kiosk(replace(settings, camera="/dev/video99", liveness="off"), open_machine)
    yield made
    made.close()


def test_a_visitor_without_a_camera_comes_to_an_account(visited: Any) -> None:
    visited.on("FirstChoice", LONG_S)
    assert visited.screen.status().text == "Not set up"
    visited.touch(visited.screen.try_it)
    visited.until(lambda: getattr(visited.screen, "visitor", None) is not None, LONG_S)
    shown = words(visited.screen)
    assert {f"Username: {USERNAME}", f"PIN: {PIN}", f"{FULL_NAME} (drawn)"} <= set(shown)
    assert visited.screen.existing.enabled
    assert visited.screen.line.sentence == "Press Existing User, then type this username and PIN."
    log_in(visited, USERNAME, PIN)
    visited.on("Account", LONG_S)
    assert f"Welcome, {FULL_NAME}" in words(visited.screen)
    visited.key("Escape")
    visited.on("Goodbye")
    visited.key("Return")

    visited.until(lambda: visited.screen.visitor is not None)  # another face, the same PIN
    visited.touch(visited.screen.visitor.exchange)
    visited.until(lambda: visited.screen.visitor is not None)
    assert "Another face" in visited.screen.line.sentence
    log_in(visited, USERNAME, PIN)
    visited.until(lambda: refused(visited), LONG_S)
    assert visited.screen.line.sentence.startswith("Not admitted.")
    visited.app.go_home()

    visited.touch(visited.screen.last)  # End demonstration
    visited.on("FirstChoice", LONG_S)
    assert not visited.app.settings.data_dir.exists()  # nothing was set up meanwhile
    assert not any(PIN in text for text in words(visited.root))


def test_a_branch_is_set_up_by_a_press_and_a_first_member_of_staff(settings: Settings) -> None:
    from kiosk.main import open_machine
    from tests.kiosk.conftest import Kiosk

    kiosk = Kiosk(replace(settings, camera="/dev/video99", network="bundled"), open_machine)
    try:
        kiosk.on("FirstChoice", LONG_S)
        assert not settings.data_dir.exists() and not settings.key_dir.exists()
        kiosk.touch(kiosk.screen.set_up)
        kiosk.on("FirstStart", LONG_S)
        assert kiosk.machine.kind is Kind.LIVE and kiosk.machine.staff.empty
        for text in ("ana", "271828", "271828"):
            kiosk.type(text)
            kiosk.key("Return")
        kiosk.on("StaffMenu", LONG_S)
        assert kiosk.machine.staff.names() == [("ana", False)]
    finally:
        kiosk.close()
    for path in settings.data_dir.iterdir():  # whoever empties it is offered no first start
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    kiosk = Kiosk(settings, open_machine)
    try:
        kiosk.on("OutOfService", LONG_S)
        assert kiosk.app.host.code == "E-FOLDER"
    finally:
        kiosk.close()


def as_demonstration(kiosk: Any, machine: Any, state: str = "active") -> None:
    """Let *machine* be a demonstration with its drawn customer in *state*."""
    machine.kind = Kind.DEMO
    machine.office.known = [(Customer("e" * 32, USERNAME, FULL_NAME), state)] if state else []
    machine.has_customers = bool(state)
    kiosk.app.host.settings = replace(kiosk.app.settings, camera="demo")
    kiosk.app.go_home()
    kiosk.settle(0.1)


def test_until_she_is_enrolled_nobody_is_invited(kiosk: Any, machine: Any) -> None:
    kiosk.until(lambda: kiosk.app.host.furnished)
    kiosk.app.host.furnished = False
    as_demonstration(kiosk, machine, "")
    kiosk.until(lambda: not kiosk.screen.existing.enabled)
    said = "One moment: the drawn customer is being enrolled."
    kiosk.until(lambda: kiosk.screen.line.sentence == said)
    machine.office.known = [(Customer("e" * 32, USERNAME, FULL_NAME), "active")]
    machine.has_customers = True
    kiosk.until(lambda: kiosk.screen.visitor is not None)
    assert kiosk.screen.existing.enabled


def test_a_locked_one_is_said_to_be_locked(kiosk: Any, machine: Any) -> None:
    as_demonstration(kiosk, machine, "locked")
    said = "This customer is locked. Press Staff to unlock."
    kiosk.until(lambda: kiosk.screen.line.sentence == said)
    buttons = [c for c in kiosk.screen.controls if isinstance(c, Button)]
    kiosk.touch(next(button for button in buttons if button.cget("text") == "Staff"))
    kiosk.on("StaffSignIn")


def test_who_creates_a_customer_finds_another_face_before_the_camera(
    kiosk: Any, machine: Any
) -> None:
    cameras: list[str] = []
    machine.use_camera = cameras.append
    as_demonstration(kiosk, machine)
    kiosk.until(lambda: kiosk.screen.visitor is not None)
    kiosk.touch(kiosk.screen.create)
    kiosk.on("StaffSignIn")
    kiosk.until(lambda: cameras == ["demo:1"])
    kiosk.key("Escape")
    kiosk.until(lambda: "Another face" in kiosk.screen.line.sentence)
    kiosk.touch(kiosk.screen.visitor.exchange)
    kiosk.until(lambda: cameras == ["demo:1", "demo"])
    kiosk.until(lambda: "Press Existing User" in kiosk.screen.line.sentence)


@pytest.mark.parametrize(
    ("kind", "camera"), [(Kind.LIVE, "0"), (Kind.TEST, "demo"), (Kind.DEMO, "0")]
)
def test_no_other_machine_shows_a_pin(kiosk: Any, machine: Any, kind: Kind, camera: str) -> None:
    as_demonstration(kiosk, machine)
    machine.kind = kind
    kiosk.app.host.settings = replace(kiosk.app.settings, camera=camera)
    kiosk.app.go_home()
    kiosk.settle(0.5)
    assert kiosk.screen.visitor is None
    assert not any(PIN in text for text in words(kiosk.root))


def test_what_cannot_be_enrolled_is_logged_and_the_window_goes_on(
    machine: Any, settings: Settings
) -> None:
    from tests.kiosk.conftest import Kiosk

    def refuse(_machine: Any, _cancel: object) -> None:
        raise RuntimeError("no")

    machine.kind, machine.has_customers, machine.office.known = Kind.DEMO, False, []
    made = Kiosk(replace(settings, camera="demo"), lambda _settings: machine, furnish=refuse)
    try:
        made.until(lambda: made.app.host.furnished)
        made.until(lambda: "Nobody is enrolled yet" in made.screen.line.sentence)
        assert not made.screen.existing.enabled
    finally:
        made.close()


@pytest.mark.parametrize("staffed", [True, False])
def test_an_empty_folder_says_what_to_do_instead_of_inviting(
    kiosk: Any, machine: Any, staffed: bool
) -> None:
    machine.has_customers = False
    if not staffed:
        machine.staff._known.clear()
    kiosk.app.go_home()
    kiosk.until(lambda: not kiosk.screen.existing.enabled)
    said = (
        "Nobody is enrolled yet. Ask staff: press Create New User."
        if staffed
        else "First start: press Create New User to add staff, or Demonstration."
    )
    kiosk.until(lambda: kiosk.screen.line.sentence == said)
    kiosk.touch(kiosk.screen.existing)
    kiosk.settle(0.1)
    assert type(kiosk.screen).__name__ == "Home"
    assert kiosk.screen.demonstrate.winfo_ismapped() != staffed
    machine.has_customers = True  # somebody was enrolled by command
    kiosk.until(lambda: kiosk.screen.existing.enabled)


@pytest.mark.parametrize("why", ["lost", "changed"])
def test_without_a_camera_nobody_is_invited_either(kiosk: Any, machine: Any, why: str) -> None:
    kiosk.until(lambda: kiosk.screen.existing.enabled)
    if why == "lost":
        machine.camera.state = "lost"
    else:
        machine.camera_problem = "Camera changed. Ask staff."
    kiosk.until(lambda: not kiosk.screen.existing.enabled)
    machine.camera.state, machine.camera_problem = "ready", ""
    kiosk.until(lambda: kiosk.screen.existing.enabled)
    assert kiosk.screen.existing.line.cget("text_color") == "#FFFFFF"  # as it was
