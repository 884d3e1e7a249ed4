"""Contract tests of a kiosk: the same for customers and staff, wherever customers are kept."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TypeVar

import pytest

from atm.accounts.accounts import (
    DayLimitError,
    InsufficientFundsError,
    InvalidAmountError,
    LedgerError,
    NotAMultipleError,
)
from atm.accounts.dispenser import NotDispensed, Uncertain
from atm.accounts.session import HeldError, ReturnedError
from atm.enrolment.hash_and_capture import EnrolmentError
from atm.fleet.kiosk.enrolment import RemoteEnrolment
from atm.fleet.kiosk.staff import RemoteStaff
from atm.fleet.wire_errors import SignedOutError
from atm.liveness_policy import ExcuseError
from atm.login.decision import Outcome
from atm.people import (
    SecondSignatureError,
    Signatures,
    StaffError,
    StaffSignInError,
)
from atm.staff.acts import BalanceError
from credentials.attempt_rules import Place
from credentials.errors import DuplicateUserError, PolicyError, UnknownUserError
from tests.fleet.contract.banks import PIN
from tests.fleet.desks.branches import Branch, capturing

T = TypeVar("T")
WRONG = "4072"


def at_once(number: int, work: Callable[[], T]) -> list[T]:
    """Do *work* on so many threads that begin together."""
    barrier = threading.Barrier(number)

    def begin() -> T:
        barrier.wait()
        return work()

    with ThreadPoolExecutor(number) as threads:
        return [each.result() for each in [threads.submit(begin) for _ in range(number)]]


class Paying:
    """A dispenser that does as it is told, and notes what it paid."""

    name = "paying"

    def __init__(self, error: Exception | None = None) -> None:
        self.paid: list[int] = []
        self._error = error

    def dispense(self, reference: str, amount_minor: int) -> None:
        if self._error is not None:
            raise self._error
        self.paid.append(amount_minor)


def test_who_is_enrolled_logs_in_at_every_kiosk(branch: Branch) -> None:
    made = branch.enrol()
    for at in (branch, branch.again()):
        decision = at.login(" ADA ")
        assert decision.outcome is Outcome.GRANTED and decision.session is not None
        assert decision.session.customer == made
        assert decision.session.balance() == 100_000


@pytest.mark.parametrize(("pin", "own_face"), [(WRONG, True), (PIN, False), (WRONG, False)])
def test_one_wrong_factor_is_enough(branch: Branch, pin: str, own_face: bool) -> None:
    branch.enrol()
    decision = branch.login(pin=pin, own_face=own_face)
    assert (decision.outcome, decision.session) == (Outcome.REFUSED, None)


@pytest.mark.parametrize("name", ["nobody", "", "x" * 65, "a\0b", "\u202e"])
def test_a_name_that_nobody_has_is_refused(branch: Branch, name: str) -> None:
    assert branch.login(name).outcome is Outcome.REFUSED


def test_three_wrong_pins_lock_everywhere_until_staff_unlock(branch: Branch) -> None:
    branch.enrol()
    other = branch.again()
    for at in (branch, other, branch):
        assert at.login(pin=WRONG).outcome is Outcome.REFUSED
    assert branch.login().outcome is other.login().outcome is Outcome.REFUSED
    assert other.state("ada") == "locked"
    other.office.unlock("ADA", staff=other.sign_in())
    assert branch.login().outcome is Outcome.GRANTED


def test_an_admission_forgives_two_wrong_pins(branch: Branch) -> None:
    branch.enrol()
    for _ in range(2):
        branch.login(pin=WRONG)
        branch.login(pin=WRONG)
        assert branch.login().outcome is Outcome.GRANTED


def test_another_face_makes_the_owner_wait_and_does_not_lock(branch: Branch) -> None:
    branch.enrol()
    branch.login(pin=WRONG, own_face=False)
    assert branch.login().outcome is Outcome.REFUSED
    assert branch.state("ada") == "waiting"


def test_eight_at_once_have_three_pins_judged(branch: Branch) -> None:
    branch.enrol()
    decisions = at_once(8, lambda: branch.login(pin=WRONG))
    assert {decision.outcome for decision in decisions} == {Outcome.REFUSED}
    found = branch.office.refusals(50, staff=branch.sign_in())
    assert sum(each.times for each in found if "pin: wrong_pin" in each.reasons) == 3


def test_a_withdrawal_is_held_and_booked(branch: Branch) -> None:
    branch.enrol()
    session, dispenser = branch.session(), Paying()
    session._dispenser = dispenser
    done = session.withdraw(30_000)
    assert (done.amount_minor, done.balance_minor, dispenser.paid) == (30_000, 70_000, [30_000])
    lines = branch.again().session().transactions()
    assert [(line.kind, line.amount_minor) for line in lines] == [
        ("withdrawal", -30_000),
        ("opening", 100_000),
    ]
    assert lines[0].reference == done.reference


@pytest.mark.parametrize(
    ("amount", "error"),
    [
        (0, InvalidAmountError),
        (-1_000, InvalidAmountError),
        (1_500, NotAMultipleError),
        (101_000, InsufficientFundsError),
    ],
)
def test_what_may_not_be_withdrawn_changes_nothing(
    branch: Branch, amount: int, error: type[Exception]
) -> None:
    branch.enrol()
    session = branch.session()
    with pytest.raises(error):
        session.withdraw(amount)
    assert session.balance() == 100_000


def test_the_day_s_limit_counts_every_kiosk(branch: Branch) -> None:
    branch.enrol(opening_minor=500_000)
    branch.session().withdraw(60_000)
    with pytest.raises(DayLimitError) as refused:
        branch.again().session().withdraw(50_000)
    assert refused.value.remaining_minor == 40_000


def test_what_no_note_came_out_for_is_returned(branch: Branch) -> None:
    branch.enrol()
    session = branch.session()
    session._dispenser = Paying(NotDispensed())
    with pytest.raises(ReturnedError):
        session.withdraw(5_000)
    assert session.balance() == 100_000


@pytest.mark.parametrize(("paid", "left"), [(True, 95_000), (False, 100_000)])
def test_what_nobody_knows_the_end_of_staff_settle_once(
    branch: Branch, paid: bool, left: int
) -> None:
    branch.enrol()
    session = branch.session()
    session._dispenser = Paying(Uncertain())
    with pytest.raises(HeldError) as held:
        session.withdraw(5_000)
    assert session.balance() == 95_000
    staff = branch.sign_in()
    ((hold, username),) = branch.office.holds(staff=staff)
    assert (hold.reference, username) == (held.value.reference, "ada")
    branch.office.settle(hold, paid, staff=staff)
    assert session.balance() == left
    with pytest.raises(LedgerError):
        branch.office.settle(hold, not paid, staff=staff)
    assert branch.office.holds(staff=staff) == []


def test_eight_threads_take_no_more_than_there_is(branch: Branch) -> None:
    branch.enrol(opening_minor=45_000)
    session, dispenser = branch.session(), Paying()
    session._dispenser = dispenser

    def take() -> int:
        taken = 0
        while True:
            try:
                taken += session.withdraw(5_000).amount_minor
            except InsufficientFundsError:
                return taken

    assert sum(at_once(8, take)) == sum(dispenser.paid) == 45_000
    assert session.balance() == 0
    lines = session.transactions(100)
    assert len({line.reference for line in lines}) == len(lines) == 10


def test_a_username_is_given_once_in_any_writing(branch: Branch) -> None:
    branch.enrol()
    ruiz = branch.sign_in()
    assert branch.enrolment.check_username(" bob ", staff=ruiz) == "bob"
    with pytest.raises(DuplicateUserError):
        branch.enrolment.check_username("ADA", staff=ruiz)
    with pytest.raises(DuplicateUserError):
        branch.enrol("Ada", looks_like="somebody else")


@pytest.mark.parametrize("pin", ["1234", "12", "abcd", ""])
def test_a_pin_that_may_not_be_chosen_enrols_nobody(branch: Branch, pin: str) -> None:
    with pytest.raises(PolicyError):
        branch.enrol(pin=pin)
    assert branch.customers() == []


def test_one_face_is_one_customer_unless_two_sign(branch: Branch) -> None:
    branch.enrol()
    with pytest.raises(EnrolmentError) as refused:
        branch.enrol("ada2", looks_like="ada")
    assert refused.value.code == "duplicate_face"
    asked = []

    def ask(question):
        asked.append((question.username, question.other_face.shape))
        return branch.sign_in("okafor")

    branch.enrol("ada2", looks_like="ada", ask=ask)
    assert asked == [("ada", (12, 10, 3))]
    assert branch.login("ada2").outcome is Outcome.GRANTED


def test_who_signed_first_cannot_sign_again(branch: Branch) -> None:
    branch.enrol()
    with pytest.raises(SecondSignatureError):
        branch.enrol("ada2", looks_like="ada", ask=lambda question: branch.sign_in())


def test_two_that_enrol_one_name_at_once_make_one_customer(branch: Branch) -> None:
    faces = iter(["one", "two"])

    def enrol() -> object:
        try:
            return branch.enrol("ada", looks_like=next(faces))
        except (DuplicateUserError, LedgerError):
            return None

    made = [each for each in at_once(2, enrol) if each is not None]
    assert len(made) == 1
    assert branch.session().balance() == 100_000


def test_two_give_a_customer_a_new_pin(branch: Branch) -> None:
    branch.enrol()
    branch.office.new_pin("ada", "5286", signed=branch.two())
    assert branch.login().outcome is Outcome.REFUSED
    assert branch.login(pin="5286").outcome is Outcome.GRANTED
    with pytest.raises(UnknownUserError):
        branch.office.new_pin("nobody", "5286", signed=branch.two())


def test_two_take_a_customer_s_face_anew(branch: Branch) -> None:
    branch.enrol()
    branch.office.new_face("ada", capturing("older"), signed=branch.two())
    assert branch.session().balance() == 100_000
    with pytest.raises(EnrolmentError):
        branch.enrol("other", looks_like="older")


def test_an_account_with_money_takes_two_to_delete(branch: Branch) -> None:
    branch.enrol(opening_minor=700)
    with pytest.raises(BalanceError) as refused:
        branch.office.delete("ada", staff=branch.sign_in())
    assert refused.value.balance_minor == 700
    two = branch.two()
    assert branch.office.delete("ada", staff=two.first, override=two) == 700
    assert branch.login().outcome is Outcome.REFUSED
    branch.enrol(opening_minor=300)
    assert [line.amount_minor for line in branch.session().transactions()] == [300]


def test_customers_are_found_by_part_of_their_names(branch: Branch) -> None:
    for name in ("cleo", "ada", "bob"):
        branch.enrol(name)
    branch.sign_in()
    assert [each.username for each, _ in branch.customers()] == ["ada", "bob", "cleo"]
    assert [each.full_name for each, _ in branch.office.search("O", staff=branch.sign_in())] == [
        "Bob",
        "Cleo",
    ]


def test_requests_that_a_customer_cannot_follow_are_kept(branch: Branch) -> None:
    branch.enrol()
    branch.office.excuse("ada", ["look_up", "look_down"], signed=branch.two())
    assert set(branch.office.known("ada", staff=branch.sign_in()).excused.split(",")) == {
        "look_up",
        "look_down",
    }
    with pytest.raises(ExcuseError):
        branch.office.excuse("ada", ["stand_up"], signed=branch.two())


def test_a_sign_out_at_the_screen_ends_the_sign_in_at_the_service(branch: Branch) -> None:
    """Where there is no service a sign-in is no token that somebody could keep."""
    kept, both = branch.sign_in(), branch.two()
    branch.staff.sign_out()
    if not isinstance(branch.staff, RemoteStaff):
        return
    branch.staff.close()  # waits until the service knows
    for act in (
        lambda: branch.office.members(staff=kept),
        lambda: branch.office.remove_staff("okafor", signed=both),
    ):
        with pytest.raises(SignedOutError):
            act()
    assert branch.office.members(staff=branch.sign_in())


def test_the_service_takes_two_for_money_at_the_opening_and_for_an_excuse(branch: Branch) -> None:
    branch.enrol()
    if not isinstance(branch.enrolment, RemoteEnrolment):
        return  # the limit of a machine's own files is a setting
    call, one = branch.enrolment._client.call, [branch.sign_in().token]
    told = {
        "name": "eve", "full_name": "Eve", "pin": PIN, "alike": False, "face": "",
        "consent_at": datetime.now(UTC).isoformat(), "currency": "EUR",
    }  # fmt: skip
    for opening, excused in ((1, []), (0, ["look_up"])):
        with pytest.raises(SecondSignatureError):
            call("enrolments", staff=one, opening_minor=opening, excused=excused, **told)
    with pytest.raises(SecondSignatureError):
        call("office/excuse", staff=one, name="ada", requests=["look_up"])
    assert [customer.username for customer, _ in branch.customers()] == ["ada"]


def test_refusals_are_told_by_name_and_reason(branch: Branch) -> None:
    branch.enrol()
    branch.login(pin=WRONG)
    branch.login("nobody")
    found = branch.office.refusals(staff=branch.sign_in())
    assert [(each.username, each.reasons[0]) for each in found] == [
        (None, "pin: unknown_name"),
        ("ada", "pin: wrong_pin"),
    ]


def test_three_wrong_staff_pins_make_wait_at_this_kiosk_until_two_unlock(branch: Branch) -> None:
    third = "483920"
    branch.office.add_staff("third", third, signed=branch.two())
    for _ in range(3):
        with pytest.raises(StaffSignInError):
            branch.staff.sign_in("third", "917385")
    with pytest.raises(StaffSignInError):
        branch.staff.sign_in("third", third)
    assert branch.staff.sign_in("third", third, place=Place.COMMAND_LINE).name == "third"
    assert branch.office.members(staff=branch.sign_in()) == [
        ("okafor", False),
        ("ruiz", False),
        ("third", True),
    ]
    branch.office.unlock_staff("Third", signed=branch.two())
    assert branch.staff.sign_in(" THIRD ", third).name == "third"


def test_staff_are_changed_by_two(branch: Branch) -> None:
    with pytest.raises(SecondSignatureError):
        branch.office.add_staff("third", "483920", signed=branch.sign_in())
    with pytest.raises(StaffError):
        branch.office.add_staff("Okafor", "483920", signed=branch.two())
    with pytest.raises(SecondSignatureError):
        Signatures(branch.sign_in(), branch.sign_in())
    branch.office.add_staff("third", "483920", signed=branch.two())
    branch.office.remove_staff("THIRD", signed=branch.two())
    with pytest.raises(StaffSignInError):
        branch.staff.sign_in("third", "483920")


def test_a_member_of_staff_changes_their_own_pin(branch: Branch) -> None:
    with pytest.raises(StaffSignInError):
        branch.staff.change_pin("ruiz", "917385", "739184")
    with pytest.raises(PolicyError):
        branch.staff.change_pin("ruiz", "746195", "123456")
    branch.staff.change_pin("ruiz", "746195", "739184")
    assert branch.again().staff.sign_in("ruiz", "739184").name == "ruiz"
