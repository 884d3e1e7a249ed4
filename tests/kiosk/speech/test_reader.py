"""The reader in a real window: what is said, when, and what never is."""

from collections.abc import Callable
from typing import Any

import pytest

from kiosk.screens.base import Screen
from kiosk.widgets.status_line import StatusLine
from kiosk.words.language import Language, languages
from kiosk.words.spoken import spoken
from tests.kiosk.fake_machine import CUSTOMER, PIN, FakeMachine
from tests.kiosk.login_steps import log_in, to_pin
from tests.kiosk.speech.ear import Ear

pytestmark = pytest.mark.gui


class Unknown(Screen):
    """A page that the reader has never heard of."""

    def __init__(self, app: Any) -> None:
        super().__init__(app)
        title, self.text = self.heading("Fees of this week"), self.words("Three euros a day")
        self.go = self.button("Understood", app.go_home, look="primary")
        self.line = self.add(StatusLine(self, self.fonts))
        self.lay(self.text, self.line, self.go, title)


def test_a_new_page_is_read_in_the_order_of_its_layout(speaking: Any, ear: Ear) -> None:
    ear.heard.clear()
    speaking.app.show(Unknown)
    speaking.until(lambda: "Understood, button" in ear.words)
    assert ear.words.startswith("Three euros a day. Fees of this week.")
    speaking.screen.text.say("Four euros a day")
    speaking.until(lambda: "Four euros a day" in ear.words)


def test_focus_and_letters_are_said_and_a_pin_is_tones(speaking: Any, ear: Ear) -> None:
    to_pin(speaking)
    letters = [text for _language, text in ear.heard]
    assert letters[letters.index("m.") :][:5] == ["m.", "a.", "r.", "i.", "a."]
    ear.heard.clear()
    speaking.type(PIN)
    speaking.key("BackSpace")
    speaking.pad(speaking.screen.digits, PIN[-1])
    for _ in range(3):  # along the keys of the pad
        speaking.key("Tab", "Right")
    speaking.settle(0.4)
    tones = [text for kind, text in ear.heard if kind == "tone"]
    assert tones == ["key"] * 4 + ["back", "key"]
    assert not set("0123456789") & set(ear.words.replace("4 digits typed", ""))


def test_movements_are_said_in_words_and_at_once(speaking: Any, ear: Ear) -> None:
    speaking.app.show(Unknown)
    speaking.until(lambda: "Understood" in ear.words)
    ear.slow = ear.busy = True  # what is being said would take for ever
    for tone, words in (
        ("left", "Turn your head to the left."), ("up", "Lift your chin and look up."),
        ("closer", "Come closer with your face."),
    ):  # fmt: skip
        speaking.screen.line.say(tone, "Turn your head towards the arrow")
        speaking.until(lambda words=words: ear.heard[-1] == ("en", words))
    assert "arrow" not in ear.words


def test_an_arrow_comes_and_time_begins_once_its_words_were_spoken(
    speaking: Any, machine: FakeMachine, ear: Ear
) -> None:
    to_pin(speaking)
    speaking.type(PIN)
    machine.held, machine.held_at, ear.slow = True, 2, True
    speaking.key("Return")
    speaking.until(lambda: ear.heard[-1][1] == "Turn your head to the left.")
    speaking.settle(0.6)
    assert machine.speaking is not None and machine.speaking(1)
    assert speaking.screen.view._marks.sign is None
    ear.busy = ear.slow = False
    speaking.until(lambda: speaking.screen.view._marks.sign == "left")
    assert not machine.speaking(1)
    speaking.settle(0.3)
    assert ear.words.count("Turn your head to the left.") == 1


def test_who_does_not_listen_has_the_ordinary_time(kiosk: Any, machine: FakeMachine) -> None:
    machine.held, machine.held_at = True, 2
    machine.speaking = lambda _request: True
    log_in(kiosk)
    kiosk.until(lambda: kiosk.screen.view._marks.sign == "left")
    assert machine.speaking is None


def test_any_key_and_any_touch_stop_the_voice(speaking: Any, ear: Ear) -> None:
    ear.slow = True
    speaking.app.read_again()
    speaking.until(lambda: ear.busy)
    speaking.key("Shift_L")
    assert not ear.busy
    speaking.app.read_again()
    speaking.until(lambda: ear.busy)
    speaking.root.event_generate("<ButtonPress-1>", x=3, y=3)
    assert not ear.busy


def test_who_listens_is_not_asked_for_more_time(speaking: Any, ear: Ear) -> None:
    speaking.app.show(Unknown)
    speaking.until(lambda: "Understood" in ear.words)
    ear.busy = True
    speaking.app.idle._active_at -= 3600
    speaking.app.reader.note_speech()
    assert not speaking.app.idle.due()


def test_what_waits_is_said_once_the_voice_is_free(speaking: Any, ear: Ear) -> None:
    speaking.app.show(Unknown)
    speaking.until(lambda: "Understood" in ear.words)
    ear.busy = True
    ear.heard.clear()
    speaking.screen.text.say("Five euros")
    speaking.app.reader.look()
    speaking.settle(0.1)
    assert not ear.heard
    ear.busy = False
    speaking.until(lambda: "Five euros" in ear.words)


def test_the_balance_is_said_only_when_it_is_shown(speaking: Any, ear: Ear) -> None:
    log_in(speaking)
    speaking.on("Account")
    speaking.until(lambda: "Show balance, button" in ear.words)
    assert "1350" not in ear.words
    assert "hidden" in ear.words
    speaking.key("Return")
    speaking.until(lambda: "1350 euros" in ear.words)
    ear.heard.clear()
    speaking.key("F1")
    speaking.until(lambda: "Help and access" in ear.words)
    speaking.key("F1")
    speaking.until(lambda: "hidden" in ear.words)
    assert "1350" not in ear.words, "help and access did not hide it"


def test_a_question_an_error_and_a_list_are_read(
    speaking: Any, machine: FakeMachine, ear: Ear, sign_in: Callable[[Any], None]
) -> None:
    log_in(speaking)
    speaking.on("Account")
    speaking.touch(speaking.screen.presets[0])
    speaking.asked()
    speaking.until(lambda: "Withdraw 20 euros?" in ear.words)
    speaking.until(lambda: "No, button" in ear.words)
    speaking.key("Return")
    speaking.screen.amount.take_focus()
    speaking.type("15")
    speaking.key("Return")
    speaking.until(lambda: "Another amount" in ear.words and "multiples of 10" in ear.words)
    speaking.until(lambda: speaking.screen.amount.error)
    error = spoken(speaking.screen.amount.error, speaking.app.language)
    speaking.until(lambda: error in ear.words)
    speaking.app.go_home()
    sign_in(speaking)
    customers = next(c for c in speaking.screen.controls if "Customers" in str(texts(c)))
    customers.press()
    speaking.on("Customers")
    speaking.until(lambda: speaking.screen.listing.rows)
    ear.heard.clear()
    speaking.screen.listing.rows[0].take_focus()
    speaking.until(lambda: CUSTOMER.username in ear.words)
    assert CUSTOMER.full_name in ear.words


def texts(control: Any) -> list[str]:
    """Return the words that a control is drawn with."""
    from kiosk.speech.reading import _leaves

    return [str(label.cget("text")) for label in _leaves(control)]


def test_a_countdown_is_said_once(speaking: Any, ear: Ear) -> None:
    ear.heard.clear()
    speaking.app.pause.begin(30)
    speaking.until(lambda: "Paused after too many refusals" in ear.words)
    left = speaking.app.pause.left_s
    speaking.until(lambda: speaking.app.pause.left_s < left - 1)
    speaking.settle(0.3)
    assert ear.words.count("Paused") == 1


def test_nothing_is_said_unless_it_is_asked_for(
    machine: FakeMachine, kiosk_on: Callable[..., Any]
) -> None:
    ear = Ear()
    kiosk = kiosk_on(machine)
    kiosk.app.reader.voice = ear
    kiosk.touch(kiosk.app.window.top.chips[-1])  # help by touch: speech stays off
    kiosk.app.reader.look()
    kiosk.settle(0.1)
    assert kiosk.app.dialog is not None
    assert not ear.heard
    kiosk.key("Escape")
    kiosk.key("F1")
    kiosk.until(lambda: "Help and access" in ear.words)


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("€\u00a01,350.00", "en", "1350 euros"),
        ("Withdraw €\u00a01?", "en", "Withdraw 1 euro?"),
        ("−\u00a040.50", "en", "minus 40 euros 50"),
        ("Clear ✕", "en", "Clear"),
        ("Reference GIMVB4GS", "en", "Reference G I M V B 4 G S"),
        ("PIN: 1234", "en", "PIN: 1234"),
    ],
)
def test_amounts_are_money_words(text: str, code: str, said: str) -> None:
    assert spoken(text, Language(code)) == said


def test_a_currency_of_three_decimals_or_none_is_said_so() -> None:
    for currency, said in (("KWD", "123 Kuwaiti dinars 456"), ("JPY", "123456 Japanese yen")):
        language = Language("en", currency)
        assert spoken(language.money(123_456), language) == said


@pytest.mark.parametrize("code", languages())
def test_every_amount_of_the_language_is_understood(code: str) -> None:
    language = Language(code)
    for minor in (100, 4_000, 135_000, 123_456_789):
        for text in (language.money(minor), language.signed(-minor), language.notes(minor)):
            said = spoken(text, language)
            assert language.symbol not in said
            assert str(minor // 100) in said, (text, said)
    assert spoken(language.hidden_money(), language) == language.gettext("hidden")
