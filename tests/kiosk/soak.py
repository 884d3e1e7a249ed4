"""A soak of the real window: one route of a user, round after round, on a real machine.

``python -m tests.kiosk.soak ROUTE ROUNDS FOLDER [FIRST]`` opens the kiosk on a demonstration in
FOLDER (made with enrolled customers where it is empty), plays the rounds FIRST to ROUNDS of the
route and prints one JSON object every fifty rounds and at the end: the rounds played, the longest
time between two beats of the Tk loop, the longest garbage collection, and the Tk objects that were
finalised on another thread. A hang of 30 seconds ends it with the stacks of all threads.
"""

from __future__ import annotations

import faulthandler
import json
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from atm.login.pause import Try
from credentials.boot_clock import Moment
from tests.kiosk.finalisers import watch_finalisers

PIN, WRONG_PIN = "493817", "802346"
CUSTOMERS = 4
"""Customers of a folder; the route of refusals takes the next one, unlocked, after ten refusals."""
HANG_S = 30.0
_POLL_MS = 5

Wait = Callable[[], object]


def prepare(folder: Path) -> Any:
    """Return the settings of the demonstration in *folder*, with CUSTOMERS of the drawn face."""
    from atm.opening import open_machine
    from atm.people import Application
    from benchmarks.bank import STAFF, demo_settings

    settings = demo_settings(folder, liveness="off")
    machine = open_machine(settings)
    try:
        stores = machine.bank.stores
        if not stores.credentials.all():
            now = datetime.now(UTC)
            machine.enrol(Application("soak0", "Soak", 100_000, PIN, now), staff=STAFF)
            first = stores.credentials.all()[0]
            template = stores.gallery.load(str(first.template_id), first.customer_id)
            captures = stores.gallery.load_captures(str(first.template_id), first.customer_id)
            for number in range(1, CUSTOMERS):
                new = uuid.uuid4().hex
                record = replace(
                    first, customer_id=new, username=f"soak{number}",
                    template_id=uuid.uuid4().hex,
                    pin_hash=stores.hasher.hash(new, PIN),
                )  # fmt: skip
                machine.bank.enrolment._save(
                    record, None, 0, (replace(template, customer_id=new), captures), STAFF
                )
    finally:
        machine.close()
    return replace(settings, liveness="passive")


class _NoPause:
    """A machine that never pauses, so that every login is judged."""

    def remaining(self) -> float:
        return 0.0

    def reserve(self) -> Try:
        return Try(Moment("", 0.0))

    def give_back(self, made: Try) -> None:
        pass

    def refused(self) -> float:
        return 0.0


def open_machine(settings: Any) -> Any:
    """Open the real machine, with refusals at once and no pause."""
    from kiosk.main import open_machine as really

    machine = really(settings)
    machine.bank.logins._refuse_after_s = 0.1
    machine.bank.logins._pause = _NoPause()
    return machine


class Soak:
    """Plays one route in the Tk loop, and measures its beats."""

    def __init__(self, app: Any, route: str, rounds: int, first: int, strayed: list[str]) -> None:
        self.app, self.route = app, route
        self.rounds, self.done = rounds, first
        self.longest = 0.0
        self._strayed = strayed
        self._beat_at = time.monotonic()
        self._script = ROUTES[route](self)
        self._wait: Wait = lambda: app.machine_ready
        app.root.after(_POLL_MS, self._step)

    def _step(self) -> None:
        now = time.monotonic()
        self.longest = max(self.longest, now - self._beat_at)
        self._beat_at = now
        faulthandler.dump_traceback_later(HANG_S, exit=True)
        try:
            if self._wait():
                self._wait = next(self._script)
        except StopIteration:
            self.app.close()
            return
        self.app.root.after(_POLL_MS, self._step)

    @property
    def screen(self) -> Any:
        return self.app.screen

    def count(self) -> None:
        self.done += 1
        if self.done % 50 == 0:
            self.tell()

    def tell(self) -> None:
        """Print how far it has come."""
        told = {
            "rounds": self.done,
            "longest_beat_s": round(self.longest, 3),
            "longest_collection_s": round(self.app.collector.longest_s, 4),
            "strayed": self._strayed,
        }
        print(json.dumps(told), flush=True)

    def on(self, name: str) -> Wait:
        return lambda: type(self.screen).__name__ == name

    def pause(self, seconds: float) -> Wait:
        end = time.monotonic() + seconds
        return lambda: time.monotonic() >= end


def bars(soak: Soak) -> Iterator[Wait]:
    """Redraw the bars twice and start a piece of work, every 20 ms, on the page for the PIN."""
    app = soak.app
    app.show(pin_page(""))
    while soak.done < soak.rounds:
        app.redraw_bars()
        app.redraw_bars()
        app.worker.start(
            lambda _attempt: [{"a": [n]} for n in range(100)], done=lambda _none: None,
            failed=app.fault,
        )  # fmt: skip
        soak.count()
        yield soak.pause(0.02)


def pin_page(name: str) -> Callable[[Any], Any]:
    """Return what makes the page for the PIN of the customer with that name."""
    from kiosk.screens.customer.login_pin import LoginPin
    from kiosk.screens.customer.login_step import Typed

    return lambda app: LoginPin(app, Typed(name), None)


def escape(soak: Soak) -> Iterator[Wait]:
    """Press Login, then Escape while it is checked."""
    app = soak.app
    app.show(pin_page("soak0"))
    while soak.done < soak.rounds:
        yield lambda: soak.screen.press.enabled
        soak.screen.pin.text = PIN
        soak.screen.press.press()
        yield soak.pause(0.02 * (soak.done % 20))
        if type(soak.screen).__name__ == "LoginFace":
            soak.screen.cancel()
        else:  # admitted in time
            app.go_home()
            app.show(pin_page("soak0"))
        soak.count()


def refused(soak: Soak) -> Iterator[Wait]:
    """Log in with a wrong PIN; the next customer after ten refusals."""
    from benchmarks.bank import STAFF

    app = soak.app
    while soak.done < soak.rounds:
        name = f"soak{soak.done // 10 % CUSTOMERS}"
        if soak.done % 10 == 0:
            unlocked: list[object] = []
            app.worker.start(
                lambda _attempt, name=name: app.machine.office.unlock(name, staff=STAFF),
                done=unlocked.append, failed=app.fault,
            )  # fmt: skip
            yield lambda unlocked=unlocked: unlocked
            app.show(pin_page(name))
        yield lambda: soak.screen.press.enabled
        soak.screen.pin.text = WRONG_PIN
        soak.screen.press.press()
        assert type(soak.screen).__name__ == "LoginFace"
        yield lambda: soak.screen.outcome is not None
        soak.screen.again.press()
        assert type(soak.screen).__name__ == "LoginPin"
        soak.count()


def pages(soak: Soak) -> Iterator[Wait]:
    """Open and close one page after another, and a question over every fifth."""
    from atm.people import StaffMember

    app = soak.app
    staff = StaffMember("Ana Ruiz")
    makes = _makes(staff)
    while soak.done < soak.rounds:
        _name, make = makes[soak.done % len(makes)]
        app.show(make)
        yield soak.pause(0.1)
        if soak.done % 5 == 0:
            app.ask(title="?", line="?", yes="Yes", no="No", on_yes=None)
            yield soak.pause(0.05)
            if app.dialog is not None:
                app.dialog.cancel()
        app.go_home()
        soak.count()
        yield soak.pause(0.02)


def _makes(staff: Any) -> list[tuple[str, Callable[[Any], Any]]]:
    from kiosk.screens.customer.goodbye import Goodbye
    from kiosk.screens.customer.login import log_in
    from kiosk.screens.enrolment.consent import Consent
    from kiosk.screens.enrolment.details import CustomerPin, Details
    from kiosk.screens.enrolment.draft import Draft
    from kiosk.screens.enrolment.face_step import FaceStep
    from kiosk.screens.staff.camera import RegisterCamera
    from kiosk.screens.staff.customers import Customers
    from kiosk.screens.staff.health import HealthPage
    from kiosk.screens.staff.holds import Holds
    from kiosk.screens.staff.refusals import Refusals
    from kiosk.screens.staff.sign_in import FirstStart, StaffSignIn
    from kiosk.screens.staff.staff_list import StaffList
    from kiosk.screens.staff.staff_menu import StaffMenu

    def draft() -> Draft:
        made = Draft(staff, datetime.now(UTC), "new.one", "New One")
        made.opening_minor, made.opening_text, made.pin = 100, "1.00", PIN
        return made

    def menu(app: Any) -> Any:
        return StaffMenu(app, staff, Consent)

    pages: list[Callable[[Any], Any]] = [
        log_in,
        pin_page("soak0"),
        Goodbye,
        lambda app: FirstStart(app, lambda _s: None),
        lambda app: StaffSignIn(app, lambda _s: None),
        menu,
        lambda app: Customers(app, staff, menu, "soak"),
        lambda app: Consent(app, staff),
        lambda app: Details(app, draft()),
        lambda app: CustomerPin(app, draft(), menu),
        lambda app: FaceStep(app, draft(), menu),
        lambda app: HealthPage(app, staff, menu),
        lambda app: RegisterCamera(app, staff, menu),
        lambda app: Refusals(app, staff, menu),
        lambda app: Holds(app, staff, menu),
        lambda app: StaffList(app, staff, menu),
    ]
    return [("page", make) for make in pages]


ROUTES = {"bars": bars, "escape": escape, "refused": refused, "pages": pages}


def main() -> int:
    """Play; returns 0, or 1 where it broke off."""
    route, rounds, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    first = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    strayed: list[str] = []
    watch_finalisers(lambda kind, finalise: setattr(kind, "__del__", finalise), strayed)
    settings = prepare(folder)
    from kiosk.main import new_app

    faulthandler.dump_traceback_later(HANG_S, exit=True)
    app = new_app(settings, open_machine)
    soak = Soak(app, route, rounds, first, strayed)
    app.run()
    soak.tell()
    return 0 if soak.done >= rounds else 1


if __name__ == "__main__":
    sys.exit(main())
