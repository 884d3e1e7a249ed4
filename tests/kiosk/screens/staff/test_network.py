"""The change of the face network in the window: two signatures, progress, question, result."""

import dataclasses
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from atm.errors import AtmError
from atm.folder import Kind
from atm.maintenance import rebuild as rebuilding
from atm.maintenance.rebuild import Rebuild
from atm.opening import open_machine
from atm.people import StaffMember
from atm.settings import Settings
from kiosk.screens.customer.home import Home
from kiosk.screens.staff.network import ChangeNetwork
from tests.kiosk.conftest import LIMIT_S, Kiosk
from tests.kiosk.staff_steps import BEN_PIN, sign, tile, words

pytestmark = pytest.mark.gui


class FakeRebuild:
    """What `rebuild_closed` does, with an outcome that a test chooses."""

    def __init__(self) -> None:
        self.left: tuple[str, ...] = ()
        self.error: Exception | None = None
        self.asked: list[Any] = []
        self.machine: Any = None
        self.go = threading.Event()

    def __call__(
        self,
        settings: Any,
        network: str,
        signed: Any,
        *,
        confirmed: str,
        confirm: Callable[[Sequence[str]], bool],
        progress: Callable[[int, int], None],
    ) -> Rebuild:
        assert threading.current_thread() is not threading.main_thread()
        assert self.machine.closed, "nobody else may have the folder open"
        self.asked += [(settings, network, signed.names, confirmed)]
        progress(12, 340)
        assert self.go.wait(LIMIT_S)
        if self.error is not None:
            raise self.error
        if self.left and not confirm(self.left):
            return Rebuild(network, False, 0, self.left)
        self.machine.healthy.network = network
        return Rebuild(network, True, 340, self.left)


@pytest.fixture
def fake(machine: Any, monkeypatch: pytest.MonkeyPatch) -> FakeRebuild:
    made = FakeRebuild()
    made.machine = machine
    machine.healthy.other_network = "vggface2"
    monkeypatch.setattr(rebuilding, "rebuild_closed", made)
    return made


def go_on_to_change(menu: Any) -> None:
    """Open the health page and the change of the network from there, and go on."""
    menu.touch(tile(menu, "Health"))
    menu.on("HealthPage")
    menu.until(lambda: len(menu.app.window.top.controls()) == 4)
    menu.touch(menu.app.window.top.controls()[1])
    menu.on("ChangeNetwork")
    menu.touch(menu.screen.controls[-1])


@pytest.fixture
def changing(menu: Any, fake: FakeRebuild) -> Any:
    """The window while templates are made: two have signed."""
    go_on_to_change(menu)
    sign(menu, "Ben Okafor", BEN_PIN)
    menu.on("Rebuilding")
    menu.until(lambda: "12 of 340 customers" in menu.screen.line.sentence)
    return menu


def end(kiosk: Any, fake: FakeRebuild, machine: Any) -> None:
    """Let the change end; the machine is opened again."""
    fake.go.set()
    kiosk.until(lambda: kiosk.app.host.machine is machine)


def test_two_sign_and_every_template_is_made_again(
    changing: Any, fake: FakeRebuild, machine: Any, settings: Any
) -> None:
    assert changing.app.host.machine is None
    assert [chip.face.cget("text") for chip in changing.app.window.top.chips] == ["Help"]
    changing.key("Escape")
    changing.on("Rebuilding")
    assert changing.screen.status().progress == (12, 340)
    end(changing, fake, machine)
    changing.on("Result")
    assert fake.asked == [(settings, "vggface2", ["Ana Ruiz", "Ben Okafor"], "")]
    assert {"vggface2 recognises people now.", "340 customers' face data were made again."} <= set(
        words(changing.screen)
    )
    assert changing.opened == [settings, settings]
    changing.key("Return")
    changing.on("Home")


@pytest.mark.parametrize("goes_on", [True, False])
def test_staff_see_who_needs_a_new_face_before_anything_changes(
    changing: Any, fake: FakeRebuild, machine: Any, goes_on: bool
) -> None:
    fake.left = tuple(f"customer-{number}" for number in range(9))
    fake.go.set()
    changing.on("LeftOut")
    page = changing.screen
    assert changing.app.focus.current is page.keep
    assert {"customer-0", "customer-5"} <= set(words(page))
    changing.touch(page.go_on if goes_on else page.keep)
    changing.on("Result")
    said = words(changing.screen)
    if goes_on:
        assert any("needed by: customer-0" in each and each.endswith("…") for each in said)
    else:
        assert {"Nothing was changed.", "bundled recognises people as before."} <= set(said)
    assert machine.healthy.network == ("vggface2" if goes_on else "bundled")


def test_whoever_leaves_the_question_keeps_the_old_network(
    changing: Any, fake: FakeRebuild, machine: Any
) -> None:
    fake.left = ("ada",)
    fake.go.set()
    changing.on("LeftOut")
    changing.app.idle._touched_at -= 61  # nobody is there any more
    changing.on("Home")
    changing.until(lambda: changing.app.host.machine is machine)
    assert machine.healthy.network == "bundled"


def test_failure_is_told_and_the_machine_is_open_again(
    changing: Any, fake: FakeRebuild, machine: Any
) -> None:
    fake.error = AtmError("The network was not changed: No space left on device")
    end(changing, fake, machine)
    changing.on("NotDone")
    assert "The network was not changed: No space left on device" in words(changing.screen)


def test_where_there_is_no_other_network_none_is_offered(menu: Any, machine: Any) -> None:
    menu.touch(tile(menu, "Health"))
    menu.on("HealthPage")
    menu.until(lambda: any("bundled, approved by staff." in said for said in words(menu.screen)))
    assert len(menu.app.window.top.controls()) == 3


def test_old_network_is_kept_without_a_signature(
    menu: Any, fake: FakeRebuild, machine: Any
) -> None:
    menu.touch(tile(menu, "Health"))
    menu.on("HealthPage")
    menu.until(lambda: len(menu.app.window.top.controls()) == 4)
    menu.touch(menu.app.window.top.controls()[1])
    menu.on("ChangeNetwork")
    menu.key("Return")
    menu.on("HealthPage")
    assert not fake.asked and not machine.closed


@pytest.mark.parametrize("confirmed", [True, False])
def test_terms_are_confirmed_before_the_second_signature(
    menu: Any, fake: FakeRebuild, machine: Any, confirmed: bool
) -> None:
    machine.healthy.other_terms = "For research only."
    go_on_to_change(menu)
    menu.on("Terms")
    assert "For research only." in words(menu.screen)
    if not confirmed:
        menu.touch(menu.screen.no)
        menu.on("Home")
        assert not fake.asked and not machine.closed
        return
    menu.touch(menu.screen.yes)
    sign(menu, "Ben Okafor", BEN_PIN)
    menu.on("Rebuilding")
    end(menu, fake, machine)
    menu.on("Result")
    assert fake.asked[0][3] == "For research only."


@pytest.fixture
def real(settings: Settings) -> Iterator[Kiosk]:
    """A window on a real machine of kind test, with two members of staff and no customers."""
    own = dataclasses.replace(settings, kind=Kind.TEST, camera="demo")
    machine = open_machine(own)
    ana = machine.first_staff("Ana Ruiz", "482913")
    machine.office.add_staff("Ben Okafor", BEN_PIN, signed=ana)
    machine.close()
    kiosk = Kiosk(own, open_machine)
    yield kiosk
    kiosk.close()


def test_real_machine_is_closed_changed_and_opened_again(real: Kiosk) -> None:
    real.until(lambda: real.app.host.machine is not None and real.machine.ready)
    before = real.machine
    first = before.bank.stores.approvals.generation
    ana = StaffMember("Ana Ruiz")
    real.app.show(lambda app: ChangeNetwork(app, ana, "the other", "bundled", "", Home))
    real.touch(real.screen.controls[-1])
    sign(real, "Ben Okafor", BEN_PIN)
    real.on("Result")
    assert "bundled recognises people now." in words(real.screen)
    assert real.machine is not before
    stores = real.machine.bank.stores
    assert stores.approvals.generation == first + 1
    assert stores.approvals.last is not None
    assert stores.approvals.last.by == ("Ana Ruiz", "Ben Okafor")
    assert real.machine.settings.network == "bundled"
    assert [e["step"] for e in stores.audit.entries() if e["kind"] == "rebuild"] == [
        "begun",
        "done",
    ]
