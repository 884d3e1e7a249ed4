"""A real window on a machine without models or camera."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from atm.accounts.ledger import Ledger
from atm.settings import Settings
from credentials.sealed.seal import Seal
from kiosk import presence
from tests.kiosk.fake_machine import CUSTOMER, STAFF_PIN, FakeMachine
from tests.kiosk.finalisers import watch_finalisers
from tests.kiosk.staff_steps import BEN_PIN, PEOPLE

LIMIT_S = 120.0
"""How long anything may take to come about; far more than it needs on a busy machine."""
SILENT_S = presence.SILENT_S


class Kiosk:
    """A real window on a machine, with fingers and a keyboard."""

    def __init__(
        self, settings: Settings, open_with: Callable[[Settings], Any], **more: Any
    ) -> None:
        from kiosk.main import new_app

        self.opened: list[Settings] = []
        self.error: Exception | None = None
        self.app = new_app(settings, open_with, **more)
        self.root = self.app.root

    @property
    def screen(self) -> Any:
        """The page in front."""
        return self.app.screen

    @property
    def machine(self) -> Any:
        """The machine behind it."""
        return self.app.machine

    def settle(self, seconds: float = 0.0) -> None:
        """Let the window work for a while."""
        end = time.monotonic() + seconds
        while True:
            self.root.update()
            if time.monotonic() >= end:
                return
            time.sleep(0.005)

    def until(self, true: Callable[[], object], limit_s: float = LIMIT_S) -> None:
        """Let the window work until something has come about."""
        end = time.monotonic() + limit_s
        while not true():
            assert time.monotonic() < end, "it did not come about in time"
            self.root.update()
            time.sleep(0.005)

    def asked(self) -> Any:
        """Wait for a question over the page, and return it."""
        self.until(lambda: self.app.dialog is not None)
        self.root.update()
        return self.app.dialog

    def on(self, name: str, limit_s: float = LIMIT_S) -> None:
        """Wait for the page of that class."""
        self.until(lambda: type(self.screen).__name__ == name, limit_s)
        self.root.update()

    def touch(self, widget: Any) -> None:
        """Put a finger on the middle of *widget*: whatever is topmost there gets it."""
        self.root.update()
        x = widget.winfo_rootx() + widget.winfo_width() // 2
        y = widget.winfo_rooty() + widget.winfo_height() // 2
        found = self.root.winfo_containing(x, y)
        assert found is not None, "nothing is there"
        spot = {"x": x - found.winfo_rootx(), "y": y - found.winfo_rooty(), "rootx": x, "rooty": y}
        found.event_generate("<ButtonPress-1>", **spot)
        if found.winfo_exists():
            found.event_generate("<ButtonRelease-1>", **spot)
        self.root.update()

    def key(self, *names: str) -> None:
        """Press keys, by their X names or as single characters."""
        for name in names:
            self.root.update()
            target = self.root.focus_get() or self.root
            name = {" ": "space", ".": "period", ",": "comma", "-": "minus"}.get(name, name)
            target.event_generate(f"<KeyPress-{name}>" if name != "Tab" else "<Tab>")
            self.root.update()

    def type(self, text: str) -> None:
        """Press one key after another."""
        self.key(*text)

    def pad(self, pad: Any, text: str) -> None:
        """Touch one key of *pad* after another."""
        for character in text:
            self.touch(next(key for key in pad.keys if key.value == character))

    def close(self) -> None:
        """Close the window and what is behind it."""
        self.app.close()


@pytest.fixture(scope="module", autouse=True)
def _only_new_garbage() -> Iterator[None]:
    """Leave what was there before out of the collection that the window asks for at each page.

    In a process that has imported TensorFlow each would take half a second.
    """
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def _tk_objects_end_on_the_tk_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail where a Tk object is finalised on another thread: from there it can block the window."""
    strayed: list[str] = []
    watch_finalisers(lambda kind, finalise: monkeypatch.setattr(kind, "__del__", finalise), strayed)
    yield
    assert not strayed, strayed


@pytest.fixture(autouse=True)
def _no_account_is_covered_because_the_machine_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the camera's silence cover an account only where a test is about that."""
    monkeypatch.setattr(presence, "SILENT_S", LIMIT_S)


@pytest.fixture
def sign_in() -> Callable[[Any], None]:
    """Signs Ana Ruiz in at a kiosk, and comes to the staff menu."""

    def signed_in(kiosk: Any) -> None:
        from kiosk.screens.enrolment.consent import Consent
        from kiosk.screens.staff.sign_in import staff_first
        from kiosk.screens.staff.staff_menu import StaffMenu

        show = kiosk.app.show
        staff_first(kiosk.screen, lambda staff: show(lambda app: StaffMenu(app, staff, Consent)))
        kiosk.on("StaffSignIn")
        kiosk.type("Ana Ruiz")
        kiosk.key("Return")
        kiosk.type(STAFF_PIN)
        kiosk.key("Return")
        kiosk.on("StaffMenu")

    return signed_in


@pytest.fixture
def menu(kiosk: Any, machine: Any, sign_in: Callable[[Any], None]) -> Any:
    """The staff menu of Ana Ruiz; Ben Okafor works there too."""
    machine.staff._known["Ben Okafor"] = BEN_PIN
    machine.office.known = list(PEOPLE)
    sign_in(kiosk)
    return kiosk


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of an empty data folder."""
    return Settings(data_dir=tmp_path / "data", key_dir=tmp_path / "keys")


@pytest.fixture
def machine(settings: Settings, tmp_path: Path) -> FakeMachine:
    """A machine with one customer, who has 1,350 in the account."""
    ledger = Ledger(tmp_path / "ledger.sqlite", Seal(b"s" * 32))
    ledger.open_account(CUSTOMER.customer_id, 135_000)
    return FakeMachine(settings, ledger)


@pytest.fixture
def kiosk_on(settings: Settings) -> Iterator[Callable[..., Kiosk]]:
    """Opens windows on a machine; the test fails if a Tk callback raised in `kiosk`'s."""
    made: list[Kiosk] = []
    machines: list[FakeMachine] = []

    def opened_on(
        machine: FakeMachine,
        *,
        settings: Settings = settings,
        wait: bool = True,
        may_open: threading.Event | None = None,
        error: Exception | None = None,
    ) -> Kiosk:
        opened: list[Settings] = []

        def open_with(asked: Settings) -> Any:
            from kiosk.camera_pane.view import load_tools

            load_tools()
            assert may_open is None or may_open.wait(LIMIT_S)
            opened.append(asked)
            if kiosk.error is not None:
                raise kiosk.error
            machine.settings = asked
            return machine

        kiosk = Kiosk(settings, open_with)
        kiosk.opened, kiosk.error = opened, error
        made.append(kiosk)
        machines.append(machine)
        if wait:
            kiosk.until(lambda: kiosk.app.host.machine is machine)
            kiosk.settle(0.05)
        return kiosk

    yield opened_on
    for machine in machines:
        machine.hold.set()
    for kiosk in made:
        kiosk.close()


@pytest.fixture
def kiosk(machine: FakeMachine, kiosk_on: Callable[..., Kiosk]) -> Iterator[Kiosk]:
    """A window on *machine*, ready; the test fails if a Tk callback raised in it."""
    made = kiosk_on(machine)
    faults: list[BaseException] = []
    report = made.root.report_callback_exception

    def caught(kind: Any, error: BaseException, trace: Any) -> None:
        faults.append(error)
        report(kind, error, trace)

    made.root.report_callback_exception = caught
    yield made
    assert not faults, faults
