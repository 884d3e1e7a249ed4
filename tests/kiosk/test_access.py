"""Help and access: choices on any page, kept through it and ended with the visit."""

import importlib
import pkgutil
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

import kiosk.screens
from atm.login.decision import Outcome
from atm.people import StaffMember
from kiosk.screens.access import AccessLayer
from kiosk.screens.base import Screen
from kiosk.widgets import theme
from kiosk.widgets.fields import Field
from kiosk.words.messages import Notice
from kiosk.words.page_help import PAGE_HELP
from tests.kiosk.login_steps import log_in, refused, to_pin
from tests.kiosk.speech.ear import Ear

pytestmark = pytest.mark.gui

STAFF = StaffMember("Ana Ruiz")


def staff_sign_in(app: Any) -> Screen:
    """Make the page where staff sign in."""
    from kiosk.screens.staff.sign_in import StaffSignIn

    return StaffSignIn(app, lambda _staff: None)


def details(app: Any) -> Screen:
    """Make the page for a new customer's details."""
    from kiosk.screens.enrolment.details import Details
    from kiosk.screens.enrolment.draft import Draft

    return Details(app, Draft(STAFF, datetime.now(UTC)))


def customer_pin(app: Any) -> Screen:
    """Make the page where a new customer types a PIN twice."""
    from kiosk.screens.enrolment.details import CustomerPin
    from kiosk.screens.enrolment.draft import Draft

    return CustomerPin(app, Draft(STAFF, datetime.now(UTC)), details)


def customers(app: Any) -> Screen:
    """Make the list of customers."""
    from kiosk.screens.staff.customers import Customers

    return Customers(app, STAFF, staff_sign_in)


def login_name(app: Any) -> Screen:
    """Make the first page of a login."""
    from kiosk.screens.customer.login import log_in as first

    return first(app)  # type: ignore[return-value]


def fields(page: Any) -> list[Field]:
    """Return the fields of *page*."""
    return [control for control in page.controls if isinstance(control, Field)]


def choose(kiosk: Any, name: str) -> None:
    """Open help and access by its button, press the choice called *name*, and go back."""
    kiosk.touch(kiosk.app.window.top.chips[-1])
    assert isinstance(kiosk.app.dialog, AccessLayer)
    button = next(b for b in kiosk.app.dialog.controls if b.cget("text").lstrip("✓ ") == name)
    kiosk.touch(button)
    if kiosk.app.dialog is not None:
        kiosk.key("Escape")
    assert kiosk.app.dialog is None


@pytest.mark.parametrize(
    "make", [login_name, staff_sign_in, details, customer_pin, customers], ids=lambda m: m.__name__
)
def test_the_language_changes_and_what_was_typed_stays(
    kiosk: Any, make: Callable[[Any], Any]
) -> None:
    kiosk.app.show(make)
    kiosk.settle(0.2)
    typed = [f"1{number}357" for number, _field in enumerate(fields(kiosk.screen))]
    for field, text in zip(fields(kiosk.screen), typed, strict=True):
        field.text = text
    last = fields(kiosk.screen)[-1]
    last.take_focus()
    kiosk.settle()
    kiosk.until(lambda: not kiosk.screen.working)
    before = kiosk.screen
    choose(kiosk, "Español")
    kiosk.until(lambda: kiosk.screen is not before)
    assert type(kiosk.screen) is type(before)
    assert kiosk.screen.language.code == "es"
    assert [field.text for field in fields(kiosk.screen)] == typed
    kiosk.until(lambda: fields(kiosk.screen)[-1].focused)
    assert not before.winfo_exists()


def test_name_and_pin_survive_two_changes(kiosk: Any, machine: Any) -> None:
    to_pin(kiosk)
    kiosk.type("12")
    choose(kiosk, "Yellow on black")
    kiosk.type("34")
    choose(kiosk, "Español")
    kiosk.until(lambda: kiosk.screen.press.enabled)
    kiosk.key("Return")
    kiosk.on("Account")
    assert "login maria.lopez 1234" in machine.calls
    assert (kiosk.screen.language.code, theme.worn()) == ("es", "yellow")


def test_choices_last_to_the_account_and_end_with_it(kiosk: Any) -> None:
    kiosk.app.choose(palette="inverse", text=1)
    log_in(kiosk)
    kiosk.on("Account")
    choose(kiosk, "Español")
    kiosk.on("Account")
    assert kiosk.screen.session.balance() == 135_000
    assert (kiosk.app.access.language, theme.worn()) == ("es", "inverse")
    kiosk.screen.log_out()
    kiosk.on("Goodbye")
    assert kiosk.screen.language.code == "es"
    kiosk.key("Return")
    kiosk.on("Home")
    assert (kiosk.screen.language.code, theme.worn(), kiosk.app.window.fonts.step) == (
        "en", "normal", 1.0
    )  # fmt: skip


def test_going_back_home_keeps_them_until_home_idles(kiosk: Any) -> None:
    kiosk.app.choose(palette="yellow")
    kiosk.app.show(login_name)
    kiosk.key("Escape")
    kiosk.on("Home")
    assert theme.worn() == "yellow"
    kiosk.app.idle._active_at -= 3600
    kiosk.until(lambda: theme.worn() == "normal")
    assert kiosk.app.access.palette == "normal"


def test_an_unanswered_question_ends_them(kiosk: Any) -> None:
    kiosk.app.choose(language="es")
    kiosk.app.show(login_name)
    kiosk.app.idle._active_at -= 3600
    kiosk.asked()
    kiosk.app.idle._asked_at -= 3600
    kiosk.on("Home")
    assert kiosk.screen.language.code == "en"


def test_a_notice_is_read_in_the_visitors_language(kiosk: Any) -> None:
    kiosk.app.choose(language="es")
    kiosk.app.go_home(Notice.NOTHING_STORED)
    assert kiosk.screen.language.code == "es"


def test_a_choice_during_a_login_waits_and_nothing_is_checked_twice(
    kiosk: Any, machine: Any
) -> None:
    machine.held = True
    machine.outcome = Outcome.REFUSED
    log_in(kiosk)
    kiosk.on("LoginFace")
    page = kiosk.screen
    kiosk.app.choose(language="es")
    kiosk.app.visit.renew()
    assert kiosk.screen is page
    machine.hold.set()
    kiosk.until(lambda: refused(kiosk) and all(each.over for each in kiosk.screen._attempts))
    kiosk.app.visit.renew()
    kiosk.settle(0.1)
    assert kiosk.screen is page
    assert len([call for call in machine.calls if call.startswith("login ")]) == 1
    kiosk.screen.cancel()
    kiosk.on("LoginPin")
    assert kiosk.screen.language.code == "es"


def test_sign_in_tries_are_counted_through_a_change(kiosk: Any) -> None:
    kiosk.app.show(staff_sign_in)
    for tries in range(3):
        kiosk.app.choose(language=("es", "en")[tries % 2])
        kiosk.screen.fields[0].text, kiosk.screen.fields[1].text = "Ana Ruiz", "000000"
        page = kiosk.screen
        page.go_on()
        kiosk.until(lambda page=page: kiosk.screen is not page or page.fields[1].error)
    kiosk.on("Home")


def test_the_layer_hides_the_balance_and_comes_back_where_it_was(kiosk: Any) -> None:
    log_in(kiosk)
    kiosk.on("Account")
    kiosk.screen.show_button.press()
    kiosk.until(lambda: "1,350" in kiosk.screen.balance.cget("text"))
    kiosk.screen.presets[2].take_focus()
    kiosk.settle()
    kiosk.key("F1")
    assert "1,350" not in kiosk.screen.balance.cget("text")
    kiosk.key("F1")
    kiosk.until(lambda: kiosk.screen.presets[2].focused)


def test_f1_leaves_a_question_alone(kiosk: Any) -> None:
    kiosk.app.ask(title="Sure?", line="", yes="Yes", no="No", on_yes=None)
    question = kiosk.app.dialog
    kiosk.key("F1")
    assert kiosk.app.dialog is question


def test_larger_text_is_larger_and_keeps_what_was_typed(kiosk: Any) -> None:
    kiosk.app.show(login_name)
    kiosk.type("maria")
    small = kiosk.screen.username.caption.winfo_height()
    choose(kiosk, "200%")
    kiosk.until(lambda: kiosk.screen.username.caption.winfo_height() > 1.5 * small)
    assert kiosk.screen.username.text == "maria"


def test_a_kiosk_without_a_voice_says_so(kiosk: Any) -> None:
    kiosk.app.reader.voice = None
    kiosk.touch(kiosk.app.window.top.chips[-1])
    words = [c.cget("text") for c in kiosk.app.dialog.winfo_children() if hasattr(c, "words")]
    assert "This kiosk cannot speak." in words
    kiosk.key("F1", "F1")
    assert not kiosk.app.access.speech


def test_slower_louder_and_off(kiosk: Any) -> None:
    ear = kiosk.app.reader.voice = Ear()
    kiosk.key("F1")
    kiosk.until(lambda: ear.paces)
    slower, louder = (
        next(n for n, b in enumerate(kiosk.app.dialog.controls) if name in b.cget("text"))
        for name in ("Slower", "Volume")
    )
    for place in (slower, louder):
        kiosk.touch(kiosk.app.dialog.controls[place])
    kiosk.until(lambda: ear.paces[-1] < ear.paces[0] and ear.volumes[-1] > ear.volumes[0])
    kiosk.touch(kiosk.app.dialog.controls[0])
    said = len(ear.heard)
    kiosk.key("Escape")
    kiosk.app.reader.look()
    kiosk.settle(0.1)
    assert len(ear.heard) == said


def test_read_again_goes_back_and_reads_the_page(kiosk: Any) -> None:
    ear = kiosk.app.reader.voice = Ear()
    choose(kiosk, "Read again")
    kiosk.until(lambda: "Your PIN and your face" in ear.words)
    assert kiosk.app.access.speech


def test_every_page_says_what_to_do_there() -> None:
    for module in pkgutil.walk_packages(kiosk.screens.__path__, "kiosk.screens."):
        importlib.import_module(module.name)
    pages = {page.__name__ for page in below(Screen) if page.__module__.startswith("kiosk.")}
    bases = {page.__name__ for page in below(Screen) if page.__subclasses__()}
    assert pages - bases <= PAGE_HELP.keys(), pages - bases - PAGE_HELP.keys()
    assert PAGE_HELP.keys() <= pages, PAGE_HELP.keys() - pages
    for name, sentence in PAGE_HELP.items():
        assert sentence.endswith("."), name
        assert sentence.count(".") == 1, f"{name}: one sentence"


def below(kind: type) -> set[type]:
    """Return all classes derived from *kind*."""
    return {each for direct in kind.__subclasses__() for each in (direct, *below(direct))}
