"""Staff serve a customer without the face, in a real window: name, signature, PIN, account."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from atm.accounts.dispenser import SimulatedDispenser
from atm.accounts.session import Session
from atm.login.attended import Attendance
from atm.login.decision import Decision, Outcome
from atm.people import SecondSignatureError
from atm.settings import Settings
from face_auth.types import PresenceState
from tests.kiosk.fake_machine import CUSTOMER, PIN, STAFF_PIN, FakeMachine
from tests.kiosk.staff_steps import BEN_PIN, home, tile, words

pytestmark = pytest.mark.gui

TILE = "Serve a customer without the face"


class FakeAttended:
    """Attended logins of a fake machine, which note what they are asked."""

    def __init__(self, machine: FakeMachine) -> None:
        self._machine = machine
        self.asked: list[tuple[Any, ...]] = []
        self.outcome: Outcome | None = None

    def attend(self, username: str, name: str, pin: str) -> Attendance:
        member = self._machine.staff.sign_in(name, pin)
        if name == username:
            raise SecondSignatureError
        return Attendance(member.name, username, 0.0)

    def login(self, username: str, pin: str, attendance: Attendance) -> Decision:
        self.asked.append((username, pin, attendance.staff, attendance.customer))
        right = (username, pin) == (CUSTOMER.username, PIN)
        outcome = self.outcome or (Outcome.GRANTED if right else Outcome.REFUSED)
        if outcome is not Outcome.GRANTED:
            return Decision(outcome, pause_s=29.5 if outcome is Outcome.PAUSED else 0.0)
        session = Session(
            CUSTOMER, self._machine.ledger, SimulatedDispenser(), smallest_note_minor=1_000,
            day_limit_minor=100_000, record=None, template=lambda: pytest.fail("no face"),  # type: ignore[arg-type, return-value]
            save_pin=lambda pin: None, attended=True,
        )  # fmt: skip
        self._machine.sessions.append(session)
        return Decision(outcome, CUSTOMER.customer_id, (), session)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folders = Settings(data_dir=tmp_path / "data", key_dir=tmp_path / "keys")
    return replace(folders, without_face="attended")


@pytest.fixture
def attended(machine: Any) -> FakeAttended:
    machine.attended = FakeAttended(machine)
    machine.login_attended = machine.attended.login
    machine.staff._known["Ben Okafor"] = BEN_PIN
    return machine.attended


@pytest.fixture
def menu(kiosk: Any, attended: FakeAttended) -> Any:
    """The staff menu, opened from home as staff open it."""
    kiosk.screen._staff()
    kiosk.on("StaffSignIn")
    typed(kiosk, "Ana Ruiz", STAFF_PIN)
    kiosk.on("StaffMenu")
    return kiosk


def typed(kiosk: Any, *texts: str) -> None:
    for text in texts:
        kiosk.type(text)
        kiosk.key("Return")


def to_the_pin(kiosk: Any, name: str = "Ben Okafor", pin: str = BEN_PIN) -> None:
    kiosk.touch(tile(kiosk, TILE))
    kiosk.on("AttendedName")
    typed(kiosk, CUSTOMER.username)
    kiosk.on("AttendedSignature")
    typed(kiosk, name, pin)


def test_name_signature_and_pin_open_the_account_without_a_face(
    menu: Any, attended: FakeAttended, machine: Any
) -> None:
    machine.presence = PresenceState.GONE
    to_the_pin(menu)
    menu.on("AttendedPin")
    typed(menu, PIN)
    menu.on("Account")
    assert attended.asked == [(CUSTOMER.username, PIN, "Ben Okafor", CUSTOMER.username)]
    assert menu.screen.status().text.startswith("Signed in with PIN, beside staff")
    assert not menu.screen.change.enabled, "the PIN is changed by the face, or by staff"
    menu.settle(1.2)
    assert machine.watched == [], "nobody looks for a face that is not known"
    assert type(menu.screen).__name__ == "Account"
    menu.app.go_home()
    menu.on("Home")
    assert machine.sessions[0]._ledger is None, "the account is closed"


def test_every_visit_is_signed_anew_and_a_refusal_ends_it(
    menu: Any, attended: FakeAttended
) -> None:
    to_the_pin(menu)
    menu.on("AttendedPin")
    typed(menu, "9999")
    home(menu, "bad", "Not admitted. Ask staff to begin again.")
    assert len(attended.asked) == 1


@pytest.mark.parametrize(
    ("outcome", "says"),
    [
        (Outcome.FAULT, "Service not available. Ask staff."),
        (Outcome.REFUSED, "Not admitted. Ask staff to begin again."),
    ],
)
def test_what_cannot_be_judged_is_told_apart(
    menu: Any, attended: FakeAttended, outcome: Outcome, says: str
) -> None:
    attended.outcome = outcome
    to_the_pin(menu)
    menu.on("AttendedPin")
    typed(menu, PIN)
    home(menu, "bad", says)


def test_a_wrong_staff_pin_leads_nowhere(menu: Any, attended: FakeAttended) -> None:
    to_the_pin(menu, pin="000000")
    menu.until(lambda: "Name or PIN is wrong" in " ".join(words(menu.screen)))
    for _ in range(2):
        typed(menu, "000000")
        menu.settle(0.2)
    home(menu, "bad", "Name or PIN is wrong, or this name has to wait.")
    assert attended.asked == []


def test_the_tile_and_the_sentence_of_consent_are_there_only_with_the_setting(
    kiosk_on: Callable[..., Any], machine: Any, attended: FakeAttended, settings: Settings
) -> None:
    from kiosk.screens.enrolment.consent import Consent

    for setting, there in (("attended", True), ("off", False)):
        kiosk = kiosk_on(machine, settings=replace(settings, without_face=setting))
        kiosk.screen._staff()
        kiosk.on("StaffSignIn")
        typed(kiosk, "Ana Ruiz", STAFF_PIN)
        kiosk.on("StaffMenu")
        titles = [each.title.cget("text") for each in kiosk.screen.tiles]
        assert (TILE in titles) is there
        staff = kiosk.screen.staff
        kiosk.app.show(lambda app, staff=staff: Consent(app, staff))
        kiosk.on("Consent")
        assert ("Without your face" in words(kiosk.screen)) is there
        kiosk.close()
