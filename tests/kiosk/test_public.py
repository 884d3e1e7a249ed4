"""Public pages show the sentences of `kiosk.words.messages` only: no error's text, path or name."""

import ast
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import kiosk as package
from atm.errors import AtmError
from kiosk.words.language import Language
from kiosk.words.messages import Notice
from tests.kiosk.login_steps import log_in
from tests.kiosk.staff_steps import words

CANARY = "/srv/atm/data/0f3a.key of maria.lopez"
SOURCE = Path(package.__file__).parent
WORDED = {
    "machine_host.py": 3,  # what staff read after they have signed in
    "screens/staff/staff_page.py": 2,  # the same
    "monitoring.py": 1,  # the log and the health page
    "main.py": 1,  # standard error, where there is no window
    "story.py": 2,  # the same
}
"""How often an error is made a text, by file."""


def fails(error: BaseException) -> Callable[..., Any]:
    def raising(*_args: Any, **_options: Any) -> Any:
        raise error

    return raising


def shown(kiosk: Any) -> str:
    """Return every word in the window, and on its frame."""
    texts = words(kiosk.root)
    view = getattr(kiosk.screen, "view", None)
    if view is not None:
        texts += [view._sheet.itemcget(item, "text") for item in (view._title, view._line)]
    return " | ".join([*texts, kiosk.root.title()])


def open_account(kiosk: Any) -> None:
    log_in(kiosk)
    kiosk.on("Account")


def a_login(kiosk: Any, machine: Any, error: BaseException) -> None:
    machine.login = fails(error)
    log_in(kiosk)


def the_balance(kiosk: Any, machine: Any, error: BaseException) -> None:
    open_account(kiosk)
    machine.sessions[0].balance = fails(error)
    kiosk.touch(kiosk.screen.show_button)


def the_check_of_an_amount(kiosk: Any, machine: Any, error: BaseException) -> None:
    open_account(kiosk)
    machine.sessions[0].check_withdrawal = fails(error)
    kiosk.touch(kiosk.screen.presets[0])


def a_withdrawal(kiosk: Any, machine: Any, error: BaseException) -> None:
    open_account(kiosk)
    machine.sessions[0].withdraw = fails(error)
    kiosk.touch(kiosk.screen.presets[0])
    kiosk.touch(kiosk.asked().yes)


def the_watch_over_an_account(kiosk: Any, machine: Any, error: BaseException) -> None:
    machine.presence_of = fails(error)
    log_in(kiosk)
    kiosk.on("Covered")


def a_change_of_pin(kiosk: Any, machine: Any, error: BaseException) -> None:
    open_account(kiosk)
    machine.change_pin = fails(error)
    kiosk.touch(kiosk.screen.change)
    kiosk.on("ChangePin")
    for pin in ("1234", "4713", "4713"):
        kiosk.type(pin)
        kiosk.key("Return")


def a_staff_sign_in(kiosk: Any, machine: Any, error: BaseException) -> None:
    machine.staff.sign_in = fails(error)
    kiosk.touch(kiosk.screen.create)
    kiosk.on("StaffSignIn")
    kiosk.type("Ana Ruiz")
    kiosk.key("Return")
    kiosk.type("654321")
    kiosk.key("Return")


def the_first_start(kiosk: Any, machine: Any, error: BaseException) -> None:
    machine.staff._known.clear()
    machine.first_staff = fails(error)
    kiosk.touch(kiosk.screen.create)
    kiosk.on("FirstStart")
    kiosk.type("Ana")
    kiosk.key("Return")
    for _ in range(2):
        kiosk.type("271828")
        kiosk.key("Return")


def an_enrolment(kiosk: Any, machine: Any, error: BaseException) -> None:
    from datetime import UTC, datetime

    from atm.people import StaffMember
    from kiosk.screens.enrolment.details import Details
    from kiosk.screens.enrolment.draft import Draft
    from kiosk.screens.enrolment.face_step import FaceStep

    machine.enrol = fails(error)
    draft = Draft(StaffMember("Ana Ruiz"), datetime.now(UTC), "jose", "Jose Diaz", pin="4713")
    kiosk.app.show(lambda app: FaceStep(app, draft, lambda app: Details(app, draft)))
    kiosk.until(lambda: kiosk.screen.save.enabled)
    kiosk.touch(kiosk.screen.save)


def the_search_for_customers(kiosk: Any, machine: Any, error: BaseException) -> None:
    type(machine).has_customers = property(fails(error))
    try:
        kiosk.app.go_home()
        kiosk.on("OutOfService")
    finally:
        type(machine).has_customers = True


def the_camera(kiosk: Any, machine: Any, error: BaseException) -> None:
    machine.camera_problem = str(error)
    kiosk.touch(kiosk.screen.existing)
    kiosk.settle(1.5)


def a_callback(kiosk: Any, machine: Any, error: BaseException) -> None:
    kiosk.root.after(1, fails(error))


def the_machine(kiosk: Any, machine: Any, error: BaseException) -> None:
    kiosk.app.host.fail(error)
    kiosk.on("OutOfService")


@pytest.mark.gui
@pytest.mark.parametrize(
    "failing",
    [
        a_login, the_balance, the_check_of_an_amount, a_withdrawal, the_watch_over_an_account,
        a_change_of_pin, a_staff_sign_in, the_first_start, an_enrolment,
        the_search_for_customers, the_camera, a_callback, the_machine,
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", [AtmError, OSError])
def test_no_error_s_own_words_reach_the_public(
    machine: Any, kiosk_on: Callable[..., Any], failing: Any, kind: type[Exception]
) -> None:
    kiosk = kiosk_on(machine)
    failing(kiosk, machine, kind(CANARY))
    for _ in range(8):
        kiosk.settle(0.05)
        assert "0f3a" not in shown(kiosk) and "/srv" not in shown(kiosk)
    kiosk.app.go_home()
    kiosk.settle(0.1)
    assert "0f3a" not in shown(kiosk)


def test_what_home_says_names_nobody_and_is_translated() -> None:
    spanish = Language("es")
    for notice in Notice:
        assert "{" not in notice.sentence
        assert spanish.gettext(notice.sentence) != notice.sentence


@pytest.mark.gui
def test_home_says_it_in_the_language_of_who_is_to_read_it(kiosk: Any) -> None:
    kiosk.app.choose(language="es")
    kiosk.app.go_home(Notice.NOTHING_STORED)
    assert kiosk.screen.line.sentence == Language("es").gettext("Nothing was stored.")
    assert kiosk.screen.existing.title.cget("text") == "Ya soy cliente"
    kiosk.app.go_home()
    assert kiosk.screen.existing.title.cget("text") == "Existing User"


def test_an_error_is_put_into_words_only_where_staff_read_them() -> None:
    found: Counter[str] = Counter()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            called = isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("str", "repr")
            if called or isinstance(node, ast.FormattedValue):
                used = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
                found[str(path.relative_to(SOURCE))] += bool(used & {"error", "exception"})
    assert +found == WORDED
