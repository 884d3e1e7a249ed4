"""Scripted tour of the kiosk in a real window, with the drawn face as camera.

`python -m kiosk.story --out DIR` makes the first member of staff, asks for consent, enrols a
customer, refuses another face, admits the right one and pays out, on a data folder of its own that
is deleted at the end. Numbered pictures of the window are saved in DIR. The command fails where a
step fails.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
import time
import tkinter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from PIL import ImageGrab

from atm.folder import Kind
from atm.local_bank import LocalBank
from atm.login.decision import Outcome
from atm.settings import Settings
from kiosk.app import App
from kiosk.camera_pane.prompts import SIGNS
from kiosk.main import new_app
from kiosk.widgets.dialog import Dialog

STEP_S = 60.0
"""How long a step may take; pictures of a face take the longest."""
POLL_MS = 40
TRIES = 10
"""How often the customer tries where the camera saw too little of the face: on a busy machine."""
PIN, STAFF_PIN = "4711", "271828"
USERNAME, FULL_NAME = "maria.lopez", "Maria Lopez"
RIGHT_FACE, WRONG_FACE = "demo:0", "demo:1"
OPENING, PAID = 1350, 100
"""In whole units of the currency; the fourth amount that is offered is ten notes of 10."""

Wait = Callable[[], object]


class StoryError(Exception):
    """A step of the tour failed; the text says which."""


class Player:
    """Plays the script in the Tk loop; each step yields what it waits for."""

    def __init__(self, app: App, out: Path) -> None:
        """Play in *app*; pictures go to *out*."""
        self.app = app
        self.problem = ""
        self._out = out
        self._count = 0
        self._script: Iterator[tuple[str, Wait]] = script(self)
        self._waits: tuple[str, Wait] | None = None
        self._until = 0.0

    @property
    def screen(self) -> Any:
        """The page in front."""
        return self.app.screen

    def start(self) -> None:
        """Begin once the window is there."""
        self.app.root.after(POLL_MS, self._step)

    def on(self, page: str) -> tuple[str, Wait]:
        """Wait for the page of that class."""
        return f"the page {page}", lambda: type(self.screen).__name__ == page

    def digits(self) -> tuple[str, Wait]:
        """Wait for the digits in the place of the letters."""
        return "the digits", lambda: self.screen.digits.winfo_viewable()

    def pause(self, seconds: float) -> tuple[str, Wait]:
        """Wait a little, for what settles by itself."""
        end = time.monotonic() + seconds
        return "a pause", lambda: time.monotonic() >= end

    def picture(self, name: str) -> None:
        """Save a numbered picture of the window."""
        root = self.app.root
        root.update_idletasks()
        root.winfo_pointerxy()  # a round trip: the display has drawn what it was told
        left, top = root.winfo_rootx(), root.winfo_rooty()
        box = (left, top, left + root.winfo_width(), top + root.winfo_height())
        self._count += 1
        file = self._out / f"{self._count:02d}-{name}.png"
        ImageGrab.grab(box, xdisplay=os.environ.get("DISPLAY", "")).save(file)
        print(file)

    def touch(self, widget: Any) -> None:
        """Put a finger on the middle of *widget*; what is topmost there gets it."""
        root = self.app.root
        root.update_idletasks()
        x = widget.winfo_rootx() + widget.winfo_width() // 2
        y = widget.winfo_rooty() + widget.winfo_height() // 2
        found = root.winfo_containing(x, y)
        if found is None:
            raise StoryError("there is nothing to touch")
        spot = {"x": x - found.winfo_rootx(), "y": y - found.winfo_rooty(), "rootx": x, "rooty": y}
        found.event_generate("<ButtonPress-1>", **spot)
        if found.winfo_exists():
            found.event_generate("<ButtonRelease-1>", **spot)

    def type(self, pad: Any, text: str) -> None:
        """Touch one key of *pad* after another."""
        for character in text:
            self.touch(next(key for key in pad.keys if key.value == character))

    def face(self, camera: str) -> None:
        """Let another drawn face step before the camera."""
        machine = self.app.machine
        self.app.worker.start(
            lambda _attempt: machine.use_camera(camera),
            done=lambda _none: None,
            failed=self.app.fault,
        )

    def _step(self) -> None:
        try:
            if self._waits is not None and not self._waits[1]():
                if time.monotonic() > self._until:
                    raise StoryError(f"{self._waits[0]} did not happen{_said(self)}")
            else:
                self._waits = next(self._script)
                self._until = time.monotonic() + STEP_S
        except StopIteration:
            self.app.close()
            return
        except Exception as error:
            self.problem = str(error) or type(error).__name__
            self.picture("failed")
            self.app.close()
            return
        self.app.root.after(POLL_MS, self._step)


def script(play: Player) -> Iterator[tuple[str, Wait]]:
    """Play the tour: yield each wait, and act between."""
    app = play.app
    yield "a ready machine", lambda: app.machine_ready
    yield play.pause(0.5)
    play.picture("home")

    play.touch(play.screen.create)
    yield play.on("FirstStart")
    play.type(play.screen.letters, "ana")
    play.picture("first-start")
    play.touch(play.screen.go)
    yield play.digits()
    for _ in range(2):
        play.type(play.screen.digits, STAFF_PIN)
        yield play.pause(0.2)
        play.picture("staff-pin")
        play.touch(play.screen.fields[2].entry if _ == 0 else play.screen.go)
    yield play.on("Consent")
    play.picture("consent")
    play.touch(play.screen.yes)

    yield play.on("Details")
    play.type(play.screen.letters, USERNAME)
    play.picture("details")
    play.touch(play.screen.go)
    play.screen.fields[1].text = FULL_NAME
    play.touch(play.screen.go)
    yield play.digits()
    play.type(play.screen.digits, str(OPENING))
    yield play.pause(0.2)
    play.picture("opening-balance")
    play.touch(play.screen.go)
    yield play.on("CustomerPin")
    play.type(play.screen.digits, PIN)
    play.touch(play.screen.fields[1].entry)
    play.type(play.screen.digits, PIN)
    yield play.pause(0.2)
    play.picture("customer-pin")
    play.touch(play.screen.go)
    yield play.on("FaceStep")
    yield "a face to save", lambda: play.screen.save.enabled
    yield play.pause(0.6)
    play.picture("face")
    yield from _take_pictures(play)
    play.picture("saved")
    play.touch(play.screen.primary)
    yield play.on("Home")

    play.face(RIGHT_FACE)
    yield from _log_in(play, "right-face")
    if type(play.screen).__name__ != "Account":
        raise StoryError(f"the right face was answered with: {play.screen.line.sentence}")
    play.picture("account")
    play.touch(play.screen.show_button)
    yield "the balance", lambda: "•" not in play.screen.balance.cget("text")
    play.picture("balance")
    play.touch(play.screen.presets[3])
    yield "the question", lambda: app.dialog is not None
    yield play.pause(0.2)
    play.picture("withdraw")
    assert isinstance(app.dialog, Dialog)
    play.touch(app.dialog.yes)
    yield play.on("TakeMoney")
    play.picture("take-your-money")
    assert isinstance(app.machine.bank, LocalBank)
    stores = app.machine.bank.stores
    balance = stores.ledger.balance(stores.credentials.all()[0].customer_id)
    if balance != app.language.minor(OPENING - PAID):
        raise StoryError(f"the ledger has {balance}")
    play.touch(play.screen.primary)
    yield play.on("Goodbye")
    play.picture("goodbye")
    play.touch(play.screen.primary)
    yield play.on("Home")
    yield play.pause(0.3)
    play.picture("home-again")

    play.face(WRONG_FACE)
    yield from _log_in(play, "wrong-face")
    if type(play.screen).__name__ != "LoginFace":
        raise StoryError("the wrong face was admitted")
    yield play.pause(0.3)
    if "Not admitted" not in play.screen.line.sentence:
        raise StoryError(f"the wrong face was answered with: {play.screen.line.sentence}")
    play.picture("refused")
    app.go_home()
    app.choose(language="es")
    yield play.pause(0.3)
    play.picture("spanish")


def _take_pictures(play: Player) -> Iterator[tuple[str, Wait]]:
    """Save the new customer; where too few pictures were good, press again, as the page asks."""

    def over() -> bool:
        return type(play.screen).__name__ != "FaceStep" or bool(play.screen.save.enabled)

    for attempt in range(TRIES):
        play.touch(play.screen.save)
        yield "two pictures", lambda: over() or play.screen.taken >= 2
        if not attempt:
            play.picture("taking-pictures")
        yield "the pictures", over
        if type(play.screen).__name__ != "FaceStep":
            break
    yield play.on("Saved")


def _log_in(play: Player, name: str) -> Iterator[tuple[str, Wait]]:
    """Log in and wait for the answer; a face that was not seen tries again, as the page asks."""
    yield play.pause(1.5)  # the other face steps before the camera
    play.touch(play.screen.existing)
    yield play.on("LoginName")
    play.type(play.screen.letters, USERNAME)
    play.picture(f"{name}-name")
    play.touch(play.screen.go)
    for attempt in range(TRIES):
        yield play.on("LoginPin")
        play.type(play.screen.digits, PIN)
        yield "the camera", lambda: play.screen.press.enabled
        yield "a good view", lambda: "press Login" in play.screen.line.sentence
        if not attempt:
            play.picture(f"{name}-pin")
        play.touch(play.screen.press)
        yield play.pause(0.15)
        if not attempt:
            play.picture(f"{name}-checking")
        yield "an arrow or an answer", lambda: _answered(play) or _tone(play) in SIGNS.values()
        if not _answered(play):
            play.picture(f"{name}-arrow")
        yield "an answer", lambda: _answered(play)
        unseen = getattr(play.screen, "outcome", None) is Outcome.NO_FACE
        if not unseen or attempt == TRIES - 1:
            return
        play.touch(play.screen.again)


def _answered(play: Player) -> bool:
    """Return whether the login has an answer: the account, or a refusal."""
    return type(play.screen).__name__ == "Account" or _tone(play) == "bad"


def _said(play: Player) -> str:
    """Return what the page in front says, to go with an error."""
    line = getattr(play.screen, "line", None)
    return "" if line is None else f"; the page says: {line.sentence}"


def _tone(play: Player) -> str:
    line = getattr(play.screen, "line", None)
    return "" if line is None else str(line.tone)


def main(arguments: list[str] | None = None) -> int:
    """Play the story; returns 0, 1 where a step did not happen, 2 without a display."""
    parser = argparse.ArgumentParser(prog="kiosk.story", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("demo-screens"), metavar="DIR")
    out: Path = parser.parse_args(arguments).out
    logging.basicConfig(level=logging.WARNING)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="two-factor-atm-") as folder:
        settings = Settings(
            data_dir=Path(folder) / "data",
            key_dir=Path(folder) / "keys",
            kind=Kind.DEMO,
            camera=RIGHT_FACE,
        )
        try:
            app = new_app(settings, furnish=lambda _machine, _cancel: None)  # it begins with nobody
        except tkinter.TclError as error:
            print(f"The story needs a display: {error}.", file=sys.stderr)
            return 2
        player = Player(app, out)
        player.start()
        app.run()
    if player.problem:
        print(f"The story broke off: {player.problem}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
