"""Assembly of the kiosk: the window, its first pages and the machine behind it."""

from __future__ import annotations

import signal
import sys
import threading
import tkinter
from collections.abc import Callable
from typing import TYPE_CHECKING

from kiosk.app import App
from kiosk.camera_pane.view import load_tools
from kiosk.machine_host import Condition
from kiosk.screens.customer.home import Home
from kiosk.screens.customer.out_of_service import OutOfService
from kiosk.shell import FirstPages, Page, Shell
from kiosk.speech.headphones import Jack, find_jack
from kiosk.speech.voice import Voice, find_voice
from kiosk.supervisor import Heart

if TYPE_CHECKING:
    from atm.machine import Machine
    from atm.settings import Settings
    from kiosk.monitoring import Monitoring


def open_machine(settings: Settings) -> Machine:
    """Open the real machine; on a worker, since the imports alone take a while."""
    from atm.opening import open_machine as opened

    machine = opened(settings)
    load_tools()
    return machine


def furnish_demonstration(machine: Machine, cancel: threading.Event) -> None:
    """Give a demonstration its drawn customer; see `atm.demo_customer`."""
    from atm.demo_customer import enrol_demo_customer

    enrol_demo_customer(machine, cancel)


def new_app(
    settings: Settings,
    open_with: Callable[[Settings], Machine] = open_machine,
    furnish: Callable[[Machine, threading.Event], None] = furnish_demonstration,
    heart: Heart | None = None,
    voice: Voice | None = None,
    jack: Jack | None = None,
) -> App:
    """Open the window at its home page, with *voice* and *jack* or the machine's own; see `App`."""
    pages = FirstPages(Home, _first_choice, OutOfService, _covered, _card_taken)
    return App(
        settings, pages, open_with, furnish, heart, voice or find_voice(settings.speech_device),
        jack or find_jack(settings.headphones),
    )  # fmt: skip


def run(settings: Settings, heart: Heart) -> int:
    """Open the kiosk and serve until it is closed; returns the exit code.

    It is 2, with a sentence, without a display or without what the setting `metrics` needs.
    """
    watch: Monitoring | None = None
    if settings.metrics:
        from atm.metrics import MetricsError
        from kiosk.monitoring import Monitoring

        try:
            watch = Monitoring(settings.metrics)
        except MetricsError as error:
            print(error, file=sys.stderr)
            return 2
    open_with = open_machine if watch is None else watch.watched(open_machine)
    try:
        app = new_app(settings, open_with, heart=heart)
    except tkinter.TclError as error:
        print(f"The kiosk needs a display: {error}.", file=sys.stderr)
        return 2
    if watch is not None:
        watch.in_service = lambda: app.host.condition is Condition.READY
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda *_: app.worker.post(app.close))
    app.run()
    return 0


def _first_choice(app: Shell) -> Page:
    """Make the page of the very first start; the first paint of every other one does not wait."""
    from kiosk.screens.customer.first_choice import FirstChoice

    return FirstChoice(app)


def _covered(app: Shell) -> Page:
    """Make the page over an account whose owner is gone; the first paint does not wait for it."""
    from kiosk.screens.customer.covered import Covered

    return Covered(app)


def _card_taken(app: Shell) -> Page:
    """Make the page over an account whose owner's card is gone, likewise."""
    from kiosk.screens.customer.covered import CardTaken

    return CardTaken(app)
