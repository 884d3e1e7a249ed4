"""Tests of two kiosks of one bank: each sees the other's enrolments, locks and withdrawals."""

import io
import shutil
from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

import pytest

from atm.accounts.accounts import DayLimitError, InsufficientFundsError
from atm.commands import office
from atm.enrolment.hash_and_capture import EnrolmentError
from atm.errors import AtmError
from atm.fleet.kiosk.bank import RemoteBank
from atm.fleet.wire_errors import SignedOutError
from atm.login.decision import Outcome
from atm.machine import Machine
from atm.opening import open_machine
from atm.people import (
    Application,
    SecondSignatureError,
    Signatures,
    StaffMember,
    StaffSignInError,
)
from atm.terminal import YES
from credentials.attempt_rules import Place
from credentials.errors import DuplicateUserError, PolicyError
from tests.fleet.service.fleet import STAFF, Fleet, enrol, open_kiosk, sign_in

pytestmark = pytest.mark.faces

PIN, WRONG = "4071", "4072"


@pytest.fixture(scope="module")
def here(fleet: Fleet, people: list[tuple[Path, Path]]) -> Machine:
    """A kiosk with the first person before it, who is enrolled there as "ada"."""
    machine = fleet.kiosk("here", people[0][0])
    enrol(machine, "ada", PIN)
    return machine


@pytest.fixture(scope="module")
def there(fleet: Fleet, people: list[tuple[Path, Path]], here: Machine) -> Machine:
    """Another kiosk with the same person before it, in other photographs."""
    return fleet.kiosk("there", people[0][1])


@pytest.fixture(autouse=True)
def unlocked(here: Machine, there: Machine, people: list[tuple[Path, Path]]) -> None:
    """Put Ada before both kiosks before each test, with all counters cleared."""
    here.use_camera(str(people[0][1]))
    there.use_camera(str(people[0][1]))
    here.office.unlock("ada", staff=sign_in(here))


def test_a_kiosk_of_the_bank_keeps_no_customer(fleet: Fleet, here: Machine) -> None:
    assert isinstance(here.bank, RemoteBank)
    names = {path.name for path in (fleet.folder / "here").iterdir()}
    assert not names & {"credentials.json", "ledger.sqlite", "attempts.sqlite", "gallery"}


def test_a_kiosk_takes_the_face_network_of_the_service(fleet: Fleet, here: Machine) -> None:
    approved = here.bank.stores.approvals.last
    assert approved is not None and approved.network == here.health().network == "bundled"
    assert "face network" not in " ".join(here.health().notes)


def test_enrolled_at_one_admitted_at_the_other(there: Machine) -> None:
    decision = there.login(" ADA ", PIN)
    assert decision.outcome is Outcome.GRANTED and decision.session is not None
    assert decision.session.customer.username == "ada"


def test_another_face_is_refused_and_waits_at_both(
    here: Machine, there: Machine, people: list[tuple[Path, Path]]
) -> None:
    here.use_camera(str(people[1][1]))
    assert here.login("ada", PIN).outcome is Outcome.REFUSED
    assert there.login("ada", PIN).outcome is Outcome.REFUSED  # her own face, a minute too soon
    assert [state for _, state in there.office.search("ada", staff=sign_in(there))] == ["waiting"]


def test_three_wrong_pins_anywhere_lock_everywhere(here: Machine, there: Machine) -> None:
    for machine in (here, there, here):
        assert machine.login("ada", WRONG).outcome is Outcome.REFUSED
    for machine in (here, there):
        assert machine.login("ada", PIN).outcome is Outcome.REFUSED
    there.office.unlock("ada", staff=sign_in(there))
    assert here.login("ada", PIN).outcome is Outcome.GRANTED


def test_nobody_is_refused_as_somebody_is(here: Machine) -> None:
    nobody, wrong = here.login("nobody", PIN), here.login("ada", WRONG)
    assert (nobody.outcome, nobody.customer_id) == (wrong.outcome, wrong.customer_id)


def test_there_is_one_balance_and_one_day_limit(here: Machine, there: Machine) -> None:
    first, second = here.login("ada", PIN).session, there.login("ada", PIN).session
    assert first is not None and second is not None
    before = first.balance()
    first.withdraw(10_000)
    assert second.balance() == before - 10_000
    second.withdraw(20_000)
    assert first.balance() == before - 30_000
    assert [line.amount_minor for line in first.transactions(2)] == [-20_000, -10_000]
    with pytest.raises(InsufficientFundsError) as refused:
        first.withdraw(80_000)
    assert refused.value.available_minor == before - 30_000


def test_the_bank_sets_the_day_limit_whatever_a_kiosk_says(
    fleet: Fleet, people: list[tuple[Path, Path]], here: Machine
) -> None:
    greedy = fleet.kiosk("greedy", people[2][0], day_limit=1_000_000)
    enrol(greedy, "carl", PIN, balance_minor=1_000_000)
    session = greedy.login("carl", PIN).session
    assert session is not None
    with pytest.raises(DayLimitError) as refused:
        session.withdraw(101_000)
    assert refused.value.remaining_minor == 100_000


def test_a_session_ends_with_its_customer(here: Machine) -> None:
    session = here.login("ada", PIN).session
    assert session is not None
    assert here.presence_of(session).judge(here.camera.latest()) == "here"
    session.close()
    with pytest.raises(Exception, match="logged out"):
        here.presence_of(session)


def test_a_new_pin_of_one_s_own_is_good_at_both(here: Machine, there: Machine) -> None:
    first = here.login("ada", PIN).session
    assert first is not None
    assert there.change_pin(first, PIN, "5286").outcome is Outcome.GRANTED
    assert here.login("ada", PIN).outcome is Outcome.REFUSED
    assert here.login("ada", "5286").outcome is Outcome.GRANTED
    two = Signatures(sign_in(here), sign_in(here, "okafor"))
    here.office.new_pin("ada", PIN, signed=two)
    assert there.login("ada", PIN).outcome is Outcome.GRANTED
    with pytest.raises(PolicyError):
        here.change_pin(first, PIN, "1234")


def test_a_face_twice_is_a_question_for_a_second_member_of_staff(
    here: Machine, people: list[tuple[Path, Path]]
) -> None:
    here.use_camera(str(people[0][0]))
    application = Application("ada2", "Ada", 0, PIN, datetime.now(UTC))
    with pytest.raises(EnrolmentError) as refused:
        here.enrol(application, staff=sign_in(here))
    assert refused.value.code == "duplicate_face"
    seen = []

    def ask(question):
        seen.append(question)
        return sign_in(here, "okafor")

    here.enrol(application, staff=sign_in(here), ask=ask)
    assert [question.username for question in seen] == ["ada"]
    assert min(seen[0].new_face.shape[:2]) > 50 and min(seen[0].other_face.shape[:2]) > 50
    here.office.delete("ada2", staff=sign_in(here))


def test_a_name_is_taken_everywhere(there: Machine) -> None:
    with pytest.raises(SignedOutError):
        there.check_username("Ada", staff=StaffMember("ruiz"))
    with pytest.raises(DuplicateUserError):
        there.check_username("Ada", staff=sign_in(there))


def test_staff_made_at_one_kiosk_sign_in_at_the_other(here: Machine, there: Machine) -> None:
    with pytest.raises(SecondSignatureError):
        here.office.add_staff("chen", "614829", signed=sign_in(here))
    two = Signatures(sign_in(here), sign_in(here, "okafor"))
    here.office.add_staff("chen", "614829", signed=two)
    chen = there.staff.sign_in("chen", "614829")
    there.office.unlock("ada", staff=chen)
    here.office.remove_staff("chen", signed=two)
    with pytest.raises(SignedOutError):
        there.office.unlock("ada", staff=chen)


def test_a_sign_in_ends_with_its_member_and_their_pin(here: Machine) -> None:
    two = Signatures(sign_in(here), sign_in(here, "okafor"))
    here.office.add_staff("chen", "614829", signed=two)
    chen = here.staff.sign_in("chen", "614829")
    here.office.remove_staff("chen", signed=two)
    here.office.add_staff("chen", "614829", signed=two)  # somebody else of that name
    with pytest.raises(SignedOutError):
        here.office.unlock("ada", staff=chen)
    chen = here.staff.sign_in("chen", "614829")
    here.staff.change_pin("chen", "614829", "594173")
    with pytest.raises(SignedOutError):
        here.office.unlock("ada", staff=chen)
    here.office.remove_staff("chen", signed=two)


def test_wrong_staff_pins_at_one_kiosk_bind_nobody_at_the_other(
    here: Machine, there: Machine
) -> None:
    def at_the_command_line(machine: Machine, pin: str = STAFF["ruiz"]) -> StaffMember:
        return machine.staff.sign_in("ruiz", pin, place=Place.COMMAND_LINE)

    signed_in = at_the_command_line(here)
    for _ in range(3):
        with pytest.raises(StaffSignInError):
            at_the_command_line(here, "917385")
    with pytest.raises(StaffSignInError):
        at_the_command_line(here)
    with pytest.raises(SignedOutError):
        here.office.unlock("ada", staff=signed_in)
    assert at_the_command_line(there).name == "ruiz"
    two = Signatures(sign_in(here), sign_in(here, "okafor"))
    here.office.unlock_staff("ruiz", signed=two)
    assert at_the_command_line(here).name == "ruiz"


def test_staff_are_made_by_command_at_a_kiosk(here: Machine) -> None:
    """The list of staff is asked for in the name of the one who has just signed in."""
    lines = ["ruiz", "482913", "okafor", "739154", "614829"]
    with mock.patch("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines))):
        assert office.staff(here, Namespace(act="add", name="dana")) == YES
    assert ("dana", False) in here.office.members(staff=sign_in(here))
    here.office.remove_staff("dana", signed=Signatures(sign_in(here), sign_in(here, "okafor")))


def test_a_sign_in_is_good_at_its_own_kiosk_only(here: Machine, there: Machine) -> None:
    with pytest.raises(SignedOutError):
        there.office.unlock("ada", staff=sign_in(here))


def test_an_excused_request_is_known_to_the_kiosk(here: Machine) -> None:
    both = Signatures(sign_in(here), sign_in(here, "okafor"))
    here.office.excuse("ada", ["look_up"], signed=both)
    assert here.excused_movements("ada", staff=both.first) == ("look_up",)
    here.office.excuse("ada", [], signed=both)
    assert here.excused_movements("ada", staff=both.first) == ()


def test_a_new_face_is_taken_for_both(
    here: Machine, there: Machine, people: list[tuple[Path, Path]]
) -> None:
    two = Signatures(sign_in(here), sign_in(here, "okafor"))
    here.use_camera(str(people[3][0]))
    here.new_face("ada", signed=two)
    assert there.login("ada", PIN).outcome is Outcome.REFUSED
    here.office.unlock("ada", staff=sign_in(here))
    there.use_camera(str(people[3][1]))
    assert there.login("ada", PIN).outcome is Outcome.GRANTED
    here.use_camera(str(people[0][0]))
    here.new_face("ada", signed=two)


def test_refusals_and_the_export_come_from_the_service(here: Machine) -> None:
    here.login("ada", WRONG)
    refusals = here.office.refusals(5, staff=sign_in(here))
    assert (refusals[0].username, refusals[0].outcome) == ("ada", "refused")
    assert "pin: wrong_pin" in refusals[0].reasons
    kept = here.bank.export("ada", staff=sign_in(here))
    assert kept["customer"]["username"] == "ada" and kept["face"]["pictures"] == 5


def test_each_kiosk_s_own_log_has_its_decisions_and_the_service_has_its_withdrawals(
    here: Machine,
) -> None:
    session = here.login("ada", PIN).session
    assert session is not None
    session.withdraw(1_000)
    own = here.audit.tail(20, "withdrawal")
    assert [entry["step"] for entry in own[-2:]] == ["held", "booked"]
    assert here.audit.tail(1, "decision")[0]["outcome"] == "granted"


def test_the_kiosk_is_in_good_health_while_the_service_answers(here: Machine) -> None:
    assert not [note for note in here.health().notes if "service" in note]


def test_the_command_line_serves_a_kiosk_of_the_bank(fleet: Fleet, here: Machine) -> None:
    from atm.__main__ import main

    settings = here.settings
    config = fleet.folder / "kiosk.toml"
    config.write_text(
        f'data_dir = "{fleet.folder / "by-command"}"\nkey_dir = "{fleet.folder / "its-keys"}"\n'
        f'store = "{settings.store}"\nstore_ca = "{settings.store_ca}"\n'
        f'store_cert = "{settings.store_cert}"\nstore_key = "{settings.store_key}"\n'
        'liveness = "off"\n'
    )

    def run(*arguments: str, typed: str) -> int:
        with mock.patch("sys.stdin", io.StringIO(typed)):
            return main([*arguments, "--config", str(config)])

    assert run("init", "--kind", "test", typed="ruiz\n482913\n") == 0
    assert run("login", "ada", "--camera", settings.camera, typed=f"{PIN}\n") == 0
    assert run("login", "ada", "--camera", settings.camera, typed=f"{WRONG}\n") == 1
    assert run("list", typed="ruiz\n482913\n") == 0


def test_a_kiosk_from_an_image_of_its_disk_is_out_of_service(
    fleet: Fleet, people: list[tuple[Path, Path]], tmp_path: Path
) -> None:
    """Its own pause, approval and camera came back with it."""
    machine = open_kiosk(fleet, "rolled back", people[0][0])
    settings = machine.settings
    machine.audit.append("pause", anchor=True)
    machine.close()
    shutil.copytree(settings.data_dir, tmp_path / "data")
    shutil.copytree(settings.key_dir, tmp_path / "keys")
    machine = open_machine(settings)
    machine.audit.append("pause", anchor=True)
    machine.close()
    open_machine(settings).close()
    for now, image in ((settings.data_dir, "data"), (settings.key_dir, "keys")):
        shutil.rmtree(now)
        shutil.copytree(tmp_path / image, now)
    with pytest.raises(AtmError, match="an old image of the disk"):
        open_machine(settings)
