"""A card is the third factor: a login is granted only with the customer's own, present card."""

import itertools
import threading
from dataclasses import replace

import pytest

from atm.answer_thread import ThreadResult
from atm.card.cards import Cards
from atm.card.reader import CardReader, ReaderError
from atm.card.result import CARDS_OFF, CardError, CardReason, CardResult, RegisteredCard
from atm.login.attended import AttendedLogins
from atm.login.decision import Outcome, PinReason, PinResult, decide
from atm.people import StaffMember
from credentials.attempts import Standing
from face_auth.errors import NoFaceError
from face_auth.types import FaceResult
from tests.atm.card.conftest import FOLDER_ID, TWO
from tests.patience import LIMIT_S
from tests.virtual_card import ASSERT, INFO, VirtualCard, VirtualReader

RIGHT = PinResult("ada", True, PinReason.RIGHT, reserved=True)
WRONG = PinResult("ada", False, PinReason.WRONG, reserved=True)
MATCH = FaceResult("ada", True, 1.0, 0.5, 3)
NO_MATCH = FaceResult("ada", False, 0.1, 0.5, 3)
SIGNED = CardResult("ada", True, CardReason.RIGHT)
NOT_NEEDED = CardResult("ada", True, CardReason.NOT_NEEDED)
CARDS = [
    CARDS_OFF, SIGNED, NOT_NEEDED, CardResult("bob", True, CardReason.RIGHT),
    CardResult(None, True, CardReason.RIGHT), CardResult("ada", False, CardReason.NONE),
    CardResult("ada", False, CardReason.OFF), None, ReaderError(), KeyError("x"), SystemExit(),
]  # fmt: skip


@pytest.mark.parametrize(
    ("pin", "face", "card"),
    list(itertools.product([RIGHT, WRONG, None], [MATCH, NO_MATCH, NoFaceError("x")], CARDS)),
)
def test_only_three_answers_for_one_customer_are_granted(pin, face, card) -> None:
    granted = decide(pin, face, card, elapsed_s=1, limit_s=10).outcome is Outcome.GRANTED
    asked = card in (CARDS_OFF, SIGNED, NOT_NEEDED)
    assert granted == (pin is RIGHT and face is MATCH and asked)


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize(("pin", "face"), [(WRONG, MATCH), (RIGHT, NO_MATCH)])
def test_without_pin_or_face_the_card_changes_nothing_that_is_told(pin, face, card) -> None:
    decision = decide(pin, face, card, elapsed_s=1, limit_s=10)
    assert decision.outcome is decide(pin, face, elapsed_s=1, limit_s=10).outcome


@pytest.mark.parametrize("card", [None, ReaderError(), KeyError("x")])
def test_a_card_that_could_not_be_judged_is_a_fault_and_no_refusal(card) -> None:
    decision = decide(RIGHT, MATCH, card, elapsed_s=1, limit_s=10)
    assert decision.outcome is Outcome.FAULT
    assert decision.reasons[-1].startswith("card: ")


def seen(accepted: bool = True):
    def check_face(record, pressed, deadline) -> FaceResult:
        who = record.customer_id if record else ""
        return FaceResult(who, accepted and record is not None, 1.0, 0.5, 3)

    return check_face


def last(made, kind: str = "decision") -> dict:
    return made.bank.audit.tail(1, kind)[0]


def test_pin_face_and_card_open_the_account_and_keep_the_counter(made) -> None:
    made.reader.cards = [made.ada]
    for _ in range(2):
        decision = made.logins().login("ada", "4071", seen())
        assert decision.outcome is Outcome.GRANTED
        assert decision.session is not None and decision.session.by_card
        assert RegisteredCard.parse(made.record("ada").card).counter == made.ada.counter
        assert last(made)["reasons"][-1] == "card: right_card"
    written = last(made, "card counter")
    assert written["record"] == made.bank.store.record_mac(made.record("ada").customer_id)


@pytest.mark.parametrize(("pin", "accepted"), [("0000", True), ("4071", False)])
def test_a_right_card_opens_nothing_with_a_wrong_pin_or_another_face(made, pin, accepted) -> None:
    made.reader.cards = [made.ada]
    decision = made.logins().login("ada", pin, seen(accepted))
    assert (decision.outcome, decision.session) == (Outcome.REFUSED, None)
    assert RegisteredCard.parse(made.record("ada").card).counter == 1


@pytest.mark.parametrize(("pin", "accepted"), [("0000", True), ("4071", False)])
def test_a_missing_card_is_not_awaited_once_pin_or_face_has_refused(made, pin, accepted) -> None:
    """So that the time of a refusal does not tell who has a card. It ends though no time passes."""
    logins = made.logins(limit_s=10_000.0)
    login = ThreadResult("test", lambda: logins.login("ada", pin, seen(accepted)))
    login.start()
    login.join(LIMIT_S)
    assert login.result.outcome is Outcome.REFUSED


def test_a_login_without_the_card_is_refused_when_its_time_is_over(made) -> None:
    decision = made.logins(limit_s=2.0).login("ada", "4071", seen())
    assert (decision.outcome, decision.session) == (Outcome.REFUSED, None)
    assert last(made)["reasons"][-1] == "card: no_card"


def test_a_card_that_comes_while_it_is_awaited_is_enough(made) -> None:
    reader = made.reader
    looks = itertools.count()
    found = reader.devices

    def devices():
        if next(looks) == 2:
            reader.cards = [made.ada]
        return found()

    cards = Cards(FOLDER_ID, made.bank.store, CardReader(devices), required=True)
    decision = made.logins(check_card=cards.check).login("ada", "4071", seen())
    assert decision.outcome is Outcome.GRANTED


def test_another_customers_card_is_refused(made) -> None:
    made.reader.cards = [made.bob]
    assert made.logins().login("ada", "4071", seen()).outcome is Outcome.REFUSED
    assert last(made)["reasons"][-1] == "card: other_card"
    assert made.logins().login("bob", "4071", seen()).outcome is Outcome.GRANTED


def test_a_card_of_another_customer_never_answers_for_this_one(made) -> None:
    """Even if both records named the same credential id, the key is another one."""
    ada = RegisteredCard.parse(made.record("ada").card)
    bobs = replace(
        RegisteredCard.parse(made.record("bob").card), public_key=ada.public_key, counter=0
    )
    made.bank.store.replace(replace(made.record("ada"), card=bobs.text))
    made.reader.cards = [made.bob]
    assert made.check("ada", wait=True).reason is CardReason.FALSE


def test_another_banks_card_is_refused(made) -> None:
    """The same card, with a credential that it made for another data folder."""
    made.reader.cards = [made.ada]
    cards = made.cards("cd" * 16)
    other = cards.register(made.record("ada").customer_id)
    made.bank.store.replace(replace(made.record("ada"), card=other.text))
    assert made.check("ada", wait=True).reason is CardReason.OTHER
    made.bank.store.replace(replace(made.record("ada"), card=other.text))
    own_rp = made.ada.credentials[-1].rp_id
    made.ada.credentials[-1].rp_id = f"{FOLDER_ID}.invalid"  # a card that does not keep them apart
    answer = made.ada._data
    made.ada._data = lambda rp_id, flags: answer(own_rp, flags)
    assert made.check("ada", wait=True).reason is CardReason.FALSE


class Recorder(VirtualReader):
    """A reader between, which repeats the first signed answer that it heard."""

    def __init__(self, card: VirtualCard) -> None:
        super().__init__([card])
        self.heard: bytes | None = None

    def devices(self):
        found = super().devices()
        for device in found:
            device.call = self._repeat(device.call)
        return found

    def _repeat(self, call):
        def repeated(cmd, data=b"", event=None, on_keepalive=None):
            answer = call(cmd, data, event, on_keepalive)
            if data[0] != ASSERT:
                return answer
            self.heard = self.heard or answer
            return self.heard

        return repeated


def test_a_replayed_answer_is_refused(made) -> None:
    reader = Recorder(made.ada)
    cards = Cards(FOLDER_ID, made.bank.store, CardReader(reader.devices), required=True)
    logins = made.logins(check_card=cards.check)
    assert logins.login("ada", "4071", seen()).outcome is Outcome.GRANTED
    assert logins.login("ada", "4071", seen()).outcome is Outcome.REFUSED
    assert last(made)["reasons"][-1] == "card: false_signature"


def test_every_challenge_is_new_and_names_kiosk_time_and_attempt() -> None:
    import json
    from datetime import UTC, datetime

    from atm.card.cards import Challenge

    before = datetime.now(UTC)
    two = [Challenge.fresh("webauthn.get", "ab12") for _ in range(2)]
    one, other = (json.loads(each.client_data) for each in two)
    assert (one["origin"], one["type"]) == ("kiosk:ab12", "webauthn.get")
    assert before <= datetime.fromisoformat(one["time"]) <= datetime.now(UTC)
    assert one["attempt"] != other["attempt"] and one["challenge"] != other["challenge"]
    assert two[0].digest != two[1].digest and len(two[0].digest) == 32


def test_a_counter_that_was_set_back_is_refused_and_logged(made) -> None:
    made.reader.cards = [made.ada]
    assert made.logins().login("ada", "4071", seen()).outcome is Outcome.GRANTED
    made.ada.counter -= 1  # so that the next signature repeats the last number
    assert made.logins().login("ada", "4071", seen()).outcome is Outcome.REFUSED
    assert last(made)["reasons"][-1] == "card: counter_set_back"
    assert last(made, "card counter set back")["customer"] == made.record("ada").customer_id
    made.ada.counter, made.ada.counts = 0, False
    assert made.check("ada", wait=True).reason is CardReason.SET_BACK


def test_a_card_without_a_counter_works_and_changes_no_record(made) -> None:
    cash = VirtualCard(counts=False)
    made.enrol("cleo", cash)
    made.reader.cards = [cash]
    before = made.record("cleo")
    for _ in range(2):
        assert made.logins().login("cleo", "4071", seen()).outcome is Outcome.GRANTED
    assert made.record("cleo") == before


def test_a_card_that_signs_without_a_touch_is_refused(made) -> None:
    made.reader.cards = [made.ada]
    answer = made.ada._data
    made.ada._data = lambda rp_id, flags: answer(rp_id, 0)
    assert made.check("ada", wait=True).reason is CardReason.FALSE


@pytest.mark.parametrize("command", [INFO, ASSERT])
def test_a_card_taken_out_at_any_step_gives_no_answer(made, command) -> None:
    made.reader.cards = [made.ada]
    made.ada.before = lambda seen: made.reader.take_out() if seen == command else None
    found = made.check("ada")
    assert (found.accepted, found.card) == (False, None)
    assert found.reason in (CardReason.REMOVED, CardReason.NONE)


@pytest.mark.parametrize("command", [INFO, ASSERT])
def test_a_reader_unplugged_at_any_step_is_a_fault(made, command) -> None:
    def unplug(seen) -> None:
        if seen == command:
            made.reader.take_out()
            made.reader.plugged = False

    made.reader.cards = [made.ada]
    made.ada.before = unplug
    decision = made.logins().login("ada", "4071", seen())
    assert (decision.outcome, decision.session) == (Outcome.FAULT, None)
    assert decision.reasons[-1].startswith("card: ReaderError")


def test_two_cards_are_not_chosen_from(made) -> None:
    made.reader.cards = [made.ada, made.bob]
    assert made.check("ada").reason is CardReason.TWO
    assert ASSERT not in made.ada.commands + made.bob.commands


def test_an_answer_that_comes_after_the_end_is_not_accepted(made) -> None:
    stop = threading.Event()
    made.reader.cards = [made.ada]
    made.ada.before = lambda command: stop.set() if command == ASSERT else None
    assert not made.cards().check(made.record("ada"), stop).accepted


def test_a_card_that_fails_or_answers_nonsense_is_refused(made) -> None:
    made.reader.cards = [made.ada]
    made.ada.credentials[0].key = made.bob.credentials[0].key
    assert made.check("ada", wait=True).reason is CardReason.FALSE
    made.ada.answer = lambda message: b"\x7f"
    assert made.check("ada", wait=True).reason is CardReason.REFUSED


def test_optional_asks_those_who_have_a_card_and_nobody_else(made) -> None:
    made.required = False
    made.enrol("cleo", card=False)
    assert made.record("cleo").card is None
    logins = made.logins(limit_s=2.0)
    decision = logins.login("cleo", "4071", seen())
    assert decision.outcome is Outcome.GRANTED
    assert decision.session is not None and not decision.session.by_card
    assert logins.login("ada", "4071", seen()).outcome is Outcome.REFUSED
    made.reader.plugged = False
    assert logins.login("cleo", "4071", seen()).outcome is Outcome.GRANTED


def test_required_refuses_a_customer_without_a_card(made) -> None:
    made.required = False
    made.enrol("cleo", card=False)
    made.required = True
    made.reader.cards = [made.ada]
    assert made.logins().login("cleo", "4071", seen()).outcome is Outcome.REFUSED
    assert last(made)["reasons"][-1] == "card: customer_without_card"


def test_an_unknown_name_is_refused_whatever_card_is_there(made) -> None:
    made.reader.cards = [made.ada]
    assert made.logins().login("nobody", "4071", seen()).outcome is Outcome.REFUSED


def test_three_logins_without_the_card_make_the_customer_wait_and_lock_nobody(made) -> None:
    made.reader.cards = [made.bob]
    for _ in range(3):
        made.logins().login("ada", "4071", seen())
    made.reader.cards = [made.ada]
    assert made.logins().login("ada", "4071", seen()).outcome is Outcome.REFUSED
    customer = made.record("ada").customer_id
    assert made.bank.attempts.standing(customer) is Standing.WAITING


def test_nobody_is_admitted_whose_card_is_blocked_or_used_during_the_login(made) -> None:
    made.reader.cards = [made.ada]

    def block(record, pressed, deadline) -> FaceResult:
        made.acts.block("ada", staff=StaffMember("ruiz"))
        return seen()(record, pressed, deadline)

    signed = threading.Event()
    check = made.cards().check

    def first(record, stop) -> CardResult:
        found = check(record, stop)
        signed.set()
        return found

    def after(record, pressed, deadline) -> FaceResult:
        assert signed.wait(LIMIT_S)
        return block(record, pressed, deadline)

    decision = made.logins(check_card=first).login("ada", "4071", after)
    assert (decision.outcome, decision.session) == (Outcome.FAULT, None)
    assert RegisteredCard.parse(made.record("ada").card).blocked


def test_a_record_whose_card_cannot_be_read_lets_nobody_in(made) -> None:
    made.bank.store.replace(replace(made.record("ada"), card="4711"))
    made.reader.cards = [made.ada]
    assert made.logins().login("ada", "4071", seen()).outcome is Outcome.FAULT
    with pytest.raises(CardError, match="replace the card"):
        RegisteredCard.parse("fido2.a")


def test_an_attended_login_needs_the_card_too(made) -> None:
    bank = made.bank
    bank.staff.add_first("ruiz", "482913")
    bank.office().serve_without_face("ada", True, signed=TWO)
    logins = AttendedLogins(
        store=bank.store, hasher=bank.hasher, attempts=bank.attempts, pause=bank.pause,
        audit=bank.audit, staff=bank.staff, open_session=bank.session,
        check_card=made.cards().check, sleep=lambda seconds: None,
    )  # fmt: skip

    def outcome(pin: str = "4071") -> Outcome:
        decision = logins.login("ada", pin, logins.attend("ada", "ruiz", "482913"))
        assert (decision.session is not None) == (decision.outcome is Outcome.GRANTED)
        return decision.outcome

    made.reader.cards = [made.bob]
    assert outcome() is Outcome.REFUSED
    assert last(made)["reasons"][-1] == "card: other_card"
    made.reader.cards = [made.ada]
    assert outcome("0000") is Outcome.REFUSED
    assert outcome() is Outcome.GRANTED
    assert RegisteredCard.parse(made.record("ada").card).counter == made.ada.counter
