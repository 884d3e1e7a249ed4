"""A machine without models or camera, and a real window on it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from atm.decision import Decision, Outcome
from atm.dispenser import SimulatedDispenser
from atm.enrolment import EnrolmentError
from atm.folder import Kind
from atm.ledger import Ledger
from atm.session import Customer, Session
from atm.settings import Settings
from atm.staff import StaffMember, StaffSignInError
from credentials.errors import DuplicateUserError
from credentials.sealing import Seal
from face_auth.camera import Frame
from face_auth.quality import Verdict

PIN = "1234"
STAFF_PIN = "654321"
CUSTOMER = Customer("c" * 32, "maria.lopez", "Maria Lopez")


def drawn_face(moment: float, size: tuple[int, int] = (640, 480)) -> Any:
    """Return a drawn face that moves a little, RGB."""
    width, height = size
    image = np.full((height, width, 3), (143, 163, 189), np.uint8)
    x, y = width // 2 + round(14 * np.sin(moment)), height // 2
    cv2.ellipse(image, (x, height + 70), (200, 190), 0, 0, 360, (35, 55, 80), -1, cv2.LINE_AA)
    cv2.rectangle(image, (x - 40, y + 90), (x + 40, y + 190), (217, 178, 143), -1)
    cv2.ellipse(image, (x, y - 30), (112, 150), 0, 0, 360, (58, 42, 32), -1, cv2.LINE_AA)
    cv2.ellipse(image, (x, y + 15), (105, 140), 0, 0, 360, (232, 203, 172), -1, cv2.LINE_AA)
    for side in (-1, 1):
        cv2.circle(image, (x + side * 36, y - 5), 9, (40, 30, 28), -1, cv2.LINE_AA)
    cv2.ellipse(image, (x, y + 70), (32, 14), 0, 10, 170, (150, 70, 70), 5, cv2.LINE_AA)
    return image


class FakeCamera:
    """Twenty-five drawn frames a second, or none."""

    def __init__(self) -> None:
        self.state = "ready"
        self.problem = ""
        self.started = 0
        self._born = time.monotonic()
        self._made: Frame | None = None
        self.last: Frame | None = None

    def start(self) -> None:
        """Count the calls."""
        self.started += 1

    def latest(self) -> Frame | None:
        """Return a new frame every 40 ms while the camera is well."""
        if self.state != "ready":
            return None
        index = int((time.monotonic() - self._born) * 25) + 1
        if self._made is None or self._made.index != index:
            now = time.monotonic()
            self._made = Frame(drawn_face(now), now, index)
        self.last = self._made
        return self._made


class FakeStaff:
    """At most one member of staff."""

    def __init__(self, name: str | None = "Ana Ruiz", pin: str = STAFF_PIN) -> None:
        self._known = {name: pin} if name else {}

    @property
    def empty(self) -> bool:
        """Whether there is none."""
        return not self._known

    def add_first(self, name: str, pin: str) -> StaffMember:
        """Make one."""
        self._known = {name: pin}
        return StaffMember(name)

    def sign_in(self, name: str, pin: str) -> StaffMember:
        """Return them, or raise."""
        if self._known.get(name) != pin:
            raise StaffSignInError
        return StaffMember(name)


@dataclass
class FakeMachine:
    """What `atm.machine.Machine` offers the window, with answers that a test chooses."""

    settings: Settings
    ledger: Ledger
    dispenser: Any = field(default_factory=SimulatedDispenser)
    kind: Kind = Kind.LIVE
    staff: Any = field(default_factory=FakeStaff)
    camera: Any = field(default_factory=FakeCamera)
    ready: bool = True
    verdict: Verdict = Verdict.OK
    outcome: Outcome | None = None
    pace_s: float = 0.02
    enrol_error: str = ""
    hold: threading.Event = field(default_factory=threading.Event)
    held: bool = False
    sessions: list[Session] = field(default_factory=list)
    enrolled: list[Any] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    closed: bool = False
    threshold: Any = None

    def warm_up(self) -> None:
        """Be ready."""
        self.ready = True

    def guide(self, frame: Frame) -> Any:
        """Return the verdict that the test chose."""
        assert threading.current_thread() is not threading.main_thread()
        return SimpleNamespace(verdict=self.verdict)

    def login(
        self,
        username: str,
        pin: str,
        *,
        progress: Callable[[int, int], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> Decision:
        """Admit CUSTOMER with PIN, unless the test says otherwise."""
        assert threading.current_thread() is not threading.main_thread()
        self.calls.append(f"login {username} {pin}")
        for done in (1, 2, 3):
            time.sleep(self.pace_s)
            if progress is not None:
                progress(done, 3)
            if self.held and done == 2:
                self.hold.wait(10)
        outcome = self.outcome
        if outcome is None:
            right = (username, pin) == (CUSTOMER.username, PIN)
            outcome = Outcome.GRANTED if right else Outcome.REFUSED
        if outcome is not Outcome.GRANTED:
            return Decision(outcome)
        session = Session(
            CUSTOMER,
            self.ledger,
            self.dispenser,
            smallest_note=self.settings.smallest_note,
            day_limit=self.settings.day_limit,
            record=None,
        )
        self.sessions.append(session)
        return Decision(outcome, CUSTOMER.customer_id, (), session)

    def check_username(self, username: str) -> str:
        """Know one name that is taken."""
        if username == "taken":
            raise DuplicateUserError("The username taken is taken.")
        return username.strip()

    def enrol(
        self, application: Any, *, staff: StaffMember, progress: Any = None, cancel: Any = None
    ) -> Customer:
        """Take five pictures."""
        assert threading.current_thread() is not threading.main_thread()
        self.calls.append(f"enrol {application.username}")
        for taken in range(6):
            if cancel is not None and cancel.is_set():
                raise EnrolmentError("cancelled", "Nothing was saved.")
            if progress is not None:
                progress(SimpleNamespace(taken=taken, wanted=5, verdict=self.verdict))
            time.sleep(self.pace_s)
            if self.held and taken == 2:
                self.hold.wait(10)
            if self.enrol_error and taken == 3:
                raise EnrolmentError(self.enrol_error, "It did not come about.")
        self.enrolled.append(application)
        return Customer("d" * 32, application.username, application.full_name)

    def close(self) -> None:
        """Note it."""
        self.closed = True


class Kiosk:
    """A real window on a machine, with fingers and a keyboard."""

    def __init__(self, settings: Settings, open_with: Callable[[Settings], Any]) -> None:
        from kiosk.app import App

        self.opened: list[Settings] = []
        self.error: Exception | None = None
        self.app = App(settings, open_with)
        self.root = self.app.root

    @property
    def screen(self) -> Any:
        """The page in front."""
        return self.app.screen

    @property
    def machine(self) -> Any:
        """The machine behind it."""
        return self.app.machine

    def settle(self, seconds: float = 0.0) -> None:
        """Let the window work for a while."""
        end = time.monotonic() + seconds
        while True:
            self.root.update()
            if time.monotonic() >= end:
                return
            time.sleep(0.005)

    def until(self, true: Callable[[], object], limit_s: float = 5.0) -> None:
        """Let the window work until something has come about."""
        end = time.monotonic() + limit_s
        while not true():
            assert time.monotonic() < end, "it did not come about in time"
            self.root.update()
            time.sleep(0.005)

    def on(self, name: str, limit_s: float = 5.0) -> None:
        """Wait for the page of that class."""
        self.until(lambda: type(self.screen).__name__ == name, limit_s)
        self.root.update()

    def touch(self, widget: Any) -> None:
        """Put a finger on the middle of *widget*: whatever is topmost there gets it."""
        self.root.update()
        x = widget.winfo_rootx() + widget.winfo_width() // 2
        y = widget.winfo_rooty() + widget.winfo_height() // 2
        found = self.root.winfo_containing(x, y)
        assert found is not None, "nothing is there"
        spot = {"x": x - found.winfo_rootx(), "y": y - found.winfo_rooty(), "rootx": x, "rooty": y}
        found.event_generate("<ButtonPress-1>", **spot)
        if found.winfo_exists():
            found.event_generate("<ButtonRelease-1>", **spot)
        self.root.update()

    def key(self, *names: str) -> None:
        """Press keys, by their X names or as single characters."""
        for name in names:
            self.root.update()
            target = self.root.focus_get() or self.root
            name = {" ": "space", ".": "period", ",": "comma", "-": "minus"}.get(name, name)
            target.event_generate(f"<KeyPress-{name}>" if name != "Tab" else "<Tab>")
            self.root.update()

    def type(self, text: str) -> None:
        """Press one key after another."""
        self.key(*text)

    def pad(self, pad: Any, text: str) -> None:
        """Touch one key of *pad* after another."""
        for character in text:
            self.touch(next(key for key in pad.keys if key.value == character))

    def close(self) -> None:
        """Close the window and what is behind it."""
        self.app.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of an empty data folder."""
    return Settings(data_dir=tmp_path / "data", key_dir=tmp_path / "keys")


@pytest.fixture
def machine(settings: Settings, tmp_path: Path) -> FakeMachine:
    """A machine with one customer, who has 1,350 in the account."""
    ledger = Ledger(tmp_path / "ledger.sqlite", Seal(b"s" * 32))
    ledger.open_account(CUSTOMER.customer_id, 135_000)
    return FakeMachine(settings, ledger)


@pytest.fixture
def kiosk_on(settings: Settings) -> Iterator[Callable[..., Kiosk]]:
    """Opens windows on a machine; the test fails if a Tk callback raised in `kiosk`'s."""
    made: list[Kiosk] = []

    def opened_on(
        machine: FakeMachine,
        *,
        settings: Settings = settings,
        wait: bool = True,
        slow_s: float = 0.0,
        error: Exception | None = None,
    ) -> Kiosk:
        opened: list[Settings] = []

        def open_with(asked: Settings) -> Any:
            from kiosk.camera_view import load_tools

            load_tools()
            time.sleep(slow_s)
            opened.append(asked)
            if kiosk.error is not None:
                raise kiosk.error
            machine.settings = asked
            return machine

        kiosk = Kiosk(settings, open_with)
        kiosk.opened, kiosk.error = opened, error
        made.append(kiosk)
        if wait:
            kiosk.until(lambda: kiosk.app.service.machine is machine)
            kiosk.settle(0.05)
        return kiosk

    yield opened_on
    for kiosk in made:
        kiosk.close()


@pytest.fixture
def kiosk(machine: FakeMachine, kiosk_on: Callable[..., Kiosk]) -> Iterator[Kiosk]:
    """A window on *machine*, ready; the test fails if a Tk callback raised in it."""
    made = kiosk_on(machine)
    faults: list[BaseException] = []
    report = made.root.report_callback_exception

    def caught(kind: Any, error: BaseException, trace: Any) -> None:
        faults.append(error)
        report(kind, error, trace)

    made.root.report_callback_exception = caught
    yield made
    machine.hold.set()
    assert not faults, faults
