"""Excused movements, and the sentences on a weaker face check."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from atm.folder import Kind
from kiosk.screens.staff.refusals import reasons_in_words
from kiosk.screens.staff.staff_menu import liveness_weakness
from tests.kiosk.staff_steps import BEN_PIN, home, open_customer, sign

pytestmark = pytest.mark.gui


@pytest.fixture
def page(menu: Any, machine: Any) -> Any:
    """The movements of Maria Lopez, who cannot look up."""
    machine.excused = ("look_up",)
    open_customer(menu, "maria")
    menu.touch(menu.screen.movements)
    menu.on("ExcusedMovements")
    menu.until(lambda: menu.screen.listing.rows)
    return menu


def test_a_customer_is_excused_by_two_signatures(page: Any, machine: Any) -> None:
    assert not page.screen.save.enabled  # nothing changed yet
    page.touch(page.screen.listing.rows[3])
    page.touch(page.screen.save)
    page.on("SecondSignature")
    assert machine.acts == []
    sign(page, "Ben Okafor", BEN_PIN)
    home(page, "ok", "The movements left out are saved.")
    both = ["Ana Ruiz", "Ben Okafor"]
    assert machine.acts == [("excuse", "maria.lopez", ["look_down", "look_up"], both)]


def test_what_was_marked_can_be_asked_again_by_keyboard(page: Any, machine: Any) -> None:
    page.key("Tab", "Tab", "Return")
    assert page.app.focus.current is page.screen.listing.rows[2]
    page.key("Tab", "Tab", "Tab", "Tab", "Return")
    sign(page, "Ben Okafor", BEN_PIN)
    page.on("Home")
    assert machine.acts == [("excuse", "maria.lopez", [], ["Ana Ruiz", "Ben Okafor"])]


def test_two_movements_must_remain(page: Any, machine: Any) -> None:
    for row in (0, 1, 3):
        page.touch(page.screen.listing.rows[row])
    assert page.screen.line.sentence == "Two movements must remain."
    assert page.screen._excused == {"look_up", "turn_left", "turn_right"}
    page.key("Escape")
    page.on("CustomerPage")
    assert machine.acts == []


def test_a_picture_held_up_is_named_to_staff() -> None:
    reasons = ("pin: right_pin", "face: attack_suspected")
    assert reasons_in_words(reasons, str) == "right PIN, picture or screen suspected"


@pytest.mark.parametrize(
    ("liveness", "network", "said"),
    [
        ("challenge", True, ""),
        ("challenge", None, ""),
        ("challenge", False, "Photo check: a part is missing. Ask technical support."),
        ("passive", True, "Photo check: nobody is asked to move."),
        ("off", False, "Photo check: off. A photograph may be admitted."),
    ],
)
def test_staff_are_told_of_a_weaker_check(
    machine: Any, settings: Any, kiosk_on: Callable[..., Any], sign_in: Callable[[Any], None],
    liveness: Any, network: bool | None, said: str,
) -> None:  # fmt: skip
    machine.liveness_network = network
    kiosk = kiosk_on(machine, settings=dataclasses.replace(settings, liveness=liveness))
    assert liveness_weakness(kiosk.app, str) == said
    sign_in(kiosk)
    lines = [c for c in kiosk.screen.controls if hasattr(c, "sentence")]
    assert [(c.tone, c.sentence) for c in lines] == ([("warn", said)] if said else [])


def test_home_of_a_live_machine_says_so_too(
    machine: Any, settings: Any, kiosk_on: Callable[..., Any]
) -> None:
    kiosk = kiosk_on(machine, settings=dataclasses.replace(settings, liveness="passive"))
    status = kiosk.screen.status()
    assert (status.text, status.tone) == ("Ready. Photo check: nobody is asked to move", "warn")
    machine.kind = Kind.DEMO
    assert kiosk.screen.status().text == "Ready"
