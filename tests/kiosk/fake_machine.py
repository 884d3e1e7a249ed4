"""Fake machine without models or camera; a test chooses its answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np

from atm.accounts.dispenser import SimulatedDispenser
from atm.accounts.ledger import Ledger
from atm.accounts.money import to_minor
from atm.accounts.session import Session
from atm.enrolment.enrolment import EnrolmentError
from atm.folder import Kind
from atm.login.decision import Decision, Outcome
from atm.outside_memory import Memory
from atm.people import (
    Customer,
    Signatures,
    SignInPausedError,
    StaffMember,
    StaffSignInError,
    names_of,
)
from atm.settings import Settings
from credentials.errors import DuplicateUserError
from face_auth.types import (
    EnrolProgress,
    Frame,
    LivenessProgress,
    LoginProgress,
    Movement,
    PresenceState,
    Verdict,
)
from tests.kiosk.fake_office import CUSTOMER, FakeOffice

HOLD_S = 300.0
"""Whoever is held is let go by the test, or at its end."""
PIN = "1234"
STAFF_PIN = "654321"


NOTHING_ASKED = LivenessProgress(None, 0, 0, 0.0)
CHALLENGE = (
    LoginProgress(0, 3, LivenessProgress(None, 0, 3, 0.0)),
    LoginProgress(3, 3, LivenessProgress(Movement.LEFT, 0, 3, 0.4, request=1)),
    LoginProgress(3, 3, LivenessProgress(Movement.UP, 1, 3, 0.5, request=2)),
    LoginProgress(3, 3, LivenessProgress(Movement.CLOSER, 2, 3, 0.9, request=3)),
    LoginProgress(3, 3, LivenessProgress(None, 3, 3, 0.0, request=3)),
)
"""A login that is asked to turn left, look up and come closer."""
PASSIVE = tuple(LoginProgress(scored, 3, NOTHING_ASKED) for scored in (1, 2, 3))
POSES = (None, *tuple(Movement)[:4], None)
"""What an enrolment asks for next, by the number of pictures taken."""


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
    """Members of staff by name; at first one."""

    def __init__(self, name: str | None = "Ana Ruiz", pin: str = STAFF_PIN) -> None:
        self._known = {name: pin} if name else {}
        self.waiting: set[str] = set()
        self.pause_s = 0.0
        self.signed_in = 0

    def names(self) -> list[tuple[str, bool]]:
        """Return all of them, and whether they have to wait."""
        return [(name, name in self.waiting) for name in self._known]

    @property
    def empty(self) -> bool:
        """Whether there is none; a file is read for it, or the bank's service asked."""
        assert threading.current_thread() is not threading.main_thread()
        return not self._known

    def add_first(self, name: str, pin: str) -> StaffMember:
        """Make one."""
        self._known = {name: pin}
        return StaffMember(name)

    def sign_in(self, name: str, pin: str) -> StaffMember:
        """Return them, or raise."""
        if self.pause_s:
            raise SignInPausedError(self.pause_s)
        if self._known.get(name) != pin or name in self.waiting:
            raise StaffSignInError
        self.signed_in += 1
        return StaffMember(name)

    def sign_out(self) -> None:
        """Count on."""
        self.signed_in = 0


class FakeCardActs:
    """Notes the acts of staff on cards; a test lays the new card in the reader by `card`."""

    def __init__(self, machine: FakeMachine) -> None:
        self.machine = machine
        self.card = threading.Event()
        self.waits: threading.Event | None = None
        """Set once nobody waits for the new card any more."""

    def block(self, username: str, *, staff: StaffMember) -> None:
        """Note it."""
        self.machine.act("block card", username, staff.name)

    def replace(self, username: str, *, signed: Signatures, cancel: threading.Event) -> None:
        """Wait for the card, and note it."""
        self.waits = cancel
        while not self.card.wait(0.02):
            if cancel.is_set():
                return
        self.machine.act("replace card", username, signed.names)


class FakeCards:
    """The card reader; a test puts a card in, and takes it out."""

    def __init__(self, required: bool = True) -> None:
        self.required = required
        self.name: str | None = None
        self.error: Exception | None = None
        self.there = True
        self.reader = SimpleNamespace(still_there=self.still_there)

    def username(self) -> str | None:
        """Return the username of the card in the reader."""
        assert threading.current_thread() is not threading.main_thread()
        if self.error is not None:
            raise self.error
        return self.name

    def still_there(self) -> bool:
        """Return whether it was not taken out."""
        assert threading.current_thread() is not threading.main_thread()
        if self.error is not None:
            raise self.error
        return self.there


@dataclass
class FakeMachine:
    """What `atm.machine.Machine` offers the window, with answers that a test chooses."""

    settings: Settings
    ledger: Ledger
    dispenser: Any = field(default_factory=SimulatedDispenser)
    kind: Kind = Kind.LIVE
    staff: Any = field(default_factory=FakeStaff)
    camera: Any = field(default_factory=FakeCamera)
    camera_problem: str = ""
    receipts: Any = None
    cards: Any = None
    folder: Any = field(default_factory=lambda: SimpleNamespace(folder_id="ab12cd34" * 4))
    has_customers: bool = True
    ready: bool = True
    terms: str = ""
    verdict: Verdict = Verdict.OK
    outcome: Outcome | None = None
    pace_s: float = 0.02
    enrol_error: str = ""
    hold: threading.Event = field(default_factory=threading.Event)
    held: bool = False
    held_at: int = 3
    sessions: list[Session] = field(default_factory=list)
    enrolled: list[Any] = field(default_factory=list)
    signed_by: list[list[str]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    closed: bool = False
    threshold: Any = None
    liveness_network: bool | None = True
    excused: tuple[str, ...] = ()
    without_face: bool = False
    speaking: Callable[[int], bool] | None = None
    presence: PresenceState = PresenceState.HERE
    watched: list[Session] = field(default_factory=list)
    acts: list[tuple[Any, ...]] = field(default_factory=list)
    act_error: Exception | None = None
    question: Any = None
    seconds: list[Any] = field(default_factory=list)
    healthy: Any = field(
        default_factory=lambda: SimpleNamespace(
            disk_free_share=0.62, disk_short=False, camera="ready", camera_problem="",
            clock=datetime(2026, 11, 22, 10, 42), network="bundled", approved=True,
            other_network="", other_terms="",
            liveness="challenge", liveness_network=True, pace=12.4,
            last_backup=datetime.now(UTC), log_room=9_120, key_in_tpm=False, memory=Memory.DISK,
            pause_s=0.0, notes=(), without_face="off", admitted=0, admitted_attended=0,
            dispenser="simulated",
        )
    )  # fmt: skip

    def __post_init__(self) -> None:
        self.office = FakeOffice(self)
        self.card_acts = FakeCardActs(self)

    def excused_movements(self, username: str, *, staff: StaffMember) -> tuple[str, ...]:
        """Return what the test says."""
        return self.excused

    def served_without_face(self, username: str, *, staff: StaffMember) -> bool:
        """Return what the test says."""
        return self.without_face

    def enrol_attended(self, application: Any, *, signed: Signatures) -> Customer:
        """Enrol without pictures."""
        assert threading.current_thread() is not threading.main_thread()
        if self.act_error is not None:
            raise self.act_error
        self.calls.append(f"enrol_attended {application.username}")
        self.enrolled.append(application)
        self.signed_by.append(signed.names)
        return Customer("d" * 32, application.username, application.full_name)

    def first_staff(self, name: str, pin: str, *, confirmed: str = "") -> StaffMember:
        """Make the first member, once the terms are confirmed."""
        assert confirmed == self.terms
        return self.staff.add_first(name, pin)

    def warm_up(self) -> None:
        """Be ready."""
        self.ready = True

    def assess(self, frame: Frame) -> Any:
        """Return the verdict that the test chose."""
        assert threading.current_thread() is not threading.main_thread()
        return SimpleNamespace(verdict=self.verdict)

    def login(
        self,
        username: str,
        pin: str,
        *,
        progress: Callable[[LoginProgress], None] | None = None,
        cancel: threading.Event | None = None,
        speaking: Callable[[int], bool] | None = None,
    ) -> Decision:
        """Admit CUSTOMER with PIN, unless the test says otherwise."""
        assert threading.current_thread() is not threading.main_thread()
        self.calls.append(f"login {username} {pin}")
        self.speaking = speaking
        self._look(progress)
        outcome = self.outcome
        if outcome is None:
            right = (username, pin) == (CUSTOMER.username, PIN)
            outcome = Outcome.GRANTED if right else Outcome.REFUSED
        if outcome is not Outcome.GRANTED:
            return Decision(outcome, pause_s=29.5 if outcome is Outcome.PAUSED else 0.0)
        session = Session(
            CUSTOMER,
            self.ledger,
            self.dispenser,
            smallest_note_minor=to_minor(self.settings.smallest_note, self.settings.currency),
            day_limit_minor=to_minor(self.settings.day_limit, self.settings.currency),
            record=None,
            template=lambda: None,
            save_pin=lambda pin: None,
        )
        session.by_card = self.cards is not None
        self.sessions.append(session)
        return Decision(outcome, CUSTOMER.customer_id, (), session)

    def _look(self, progress: Any) -> None:
        """Report what a login reports; held back after `held_at` reports."""
        steps = CHALLENGE if self.settings.liveness == "challenge" else PASSIVE
        for number, step in enumerate(steps, 1):
            time.sleep(self.pace_s)
            if progress is not None:
                progress(step)
            if self.held and number == self.held_at:
                self.hold.wait(HOLD_S)

    def needs_two(self, application: Any) -> bool:
        """Let two sign as the settings say; no limit where they name none."""
        limit = self.settings.opening_limit
        return bool(application.needs_two(None if limit is None else limit * 100))

    def check_username(self, username: str, *, staff: StaffMember) -> str:
        """Know one name that is taken."""
        if username == "taken":
            raise DuplicateUserError("The username taken is taken.")
        return username.strip()

    def enrol(
        self,
        application: Any,
        *,
        staff: StaffMember | Signatures,
        progress: Any = None,
        cancel: Any = None,
        ask: Any = None,
    ) -> Customer:
        """Take five pictures."""
        assert threading.current_thread() is not threading.main_thread()
        self.calls.append(f"enrol {application.username}")
        self._take_pictures(progress, cancel)
        if self.question is not None:
            self.seconds.append(ask(self.question))
            if self.seconds[-1] is None:
                raise EnrolmentError("duplicate_face", "Not two people.")
            self.hold.wait(10)
        self.enrolled.append(application)
        self.signed_by.append(names_of(staff))
        return Customer("d" * 32, application.username, application.full_name)

    def _take_pictures(self, progress: Any, cancel: Any) -> None:
        for taken in range(6):
            if cancel is not None and cancel.is_set():
                raise EnrolmentError("cancelled", "Nothing was saved.")
            if progress is not None:
                pose = POSES[taken] if self.settings.liveness == "challenge" else None
                progress(EnrolProgress(taken, 5, self.verdict, pose, over=taken == 5))
            time.sleep(self.pace_s)
            if self.held and taken == self.held_at - 1:
                self.hold.wait(HOLD_S)
            if self.enrol_error and taken == 3:
                raise EnrolmentError(self.enrol_error, "It did not come about.")

    def presence_of(self, session: Session) -> Any:
        """Return what says that the one is there whom the test chose."""
        self.watched.append(session)
        return SimpleNamespace(judge=lambda _frame: self.presence)

    def new_face(
        self, username: str, *, signed: Signatures, progress: Any = None, cancel: Any = None
    ) -> None:
        """Take five pictures."""
        self._take_pictures(progress, cancel)
        self.act("new_face", username, signed.names)

    def change_pin(
        self,
        session: Session,
        old_pin: str,
        new_pin: str,
        *,
        progress: Any = None,
        cancel: Any = None,
        speaking: Callable[[int], bool] | None = None,
    ) -> Decision:
        """Grant with PIN, unless the test says otherwise."""
        self.speaking = speaking
        self.act("change_pin", session.customer.username, old_pin, new_pin)
        self._look(progress)
        granted = Outcome.GRANTED if old_pin == PIN else Outcome.REFUSED
        return Decision(self.outcome or granted, pause_s=12.2)

    def health(self) -> Any:
        """Return what the test chose."""
        return self.healthy

    def register_camera(self, *, staff: StaffMember) -> None:
        """Note it."""
        self.act("register_camera", staff.name)

    def act(self, *act: Any) -> None:
        """Note what was done, or raise what the test chose."""
        assert threading.current_thread() is not threading.main_thread()
        if self.act_error is not None:
            raise self.act_error
        self.acts.append(act)

    def close(self) -> None:
        """Note it."""
        self.closed = True
