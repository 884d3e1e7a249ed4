"""Kiosk under measurement: gui.py's own window, driven by commands on standard input.

``python -m benchmarks.kiosk_driver OPTIONS OF GUI``. Reads one command a line, writes one JSON
object a line: ``ready`` when it can authenticate, then an answer to each command. Times are those
of time.monotonic(), which all processes of the machine share.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import gui
import kiosk.app
import kiosk.main

_POLL_MS = 5


class Driver:
    """Reads commands and runs them on the window's thread."""

    def __init__(self, app: kiosk.app.App) -> None:
        """Watch *app*, and read commands on a separate thread."""
        self._app = app
        self._verdicts = 0
        self._pressed = self._decided = 0.0
        self._used = 0.0
        self._wait()
        threading.Thread(target=self._listen, daemon=True).start()

    def _wait(self) -> None:
        from kiosk.machine_host import Condition

        host = self._app.host
        machine = host.machine
        if host.condition is Condition.READY and machine and machine.camera.state == "ready":
            now, used_s = time.monotonic(), time.process_time()
            _say(event="ready", at=now, used_s=used_s, pid=os.getpid())
            self._count(machine)
            return
        if host.condition is Condition.OUT:
            _say(event="failed", why=host.problem)
            return
        self._app.root.after(_POLL_MS, self._wait)

    def _count(self, machine: Any) -> None:
        """Count guidance verdicts, and note when a login is decided."""
        guide, login = machine.assess, machine.login

        def counted(frame: Any) -> Any:
            verdict = guide(frame)
            self._verdicts += 1
            return verdict

        def noted(*words: Any, **options: Any) -> Any:
            decision = login(*words, **options)
            self._decided = time.monotonic()
            self._used = time.process_time() - self._used
            return decision

        machine.assess, machine.login = counted, noted

    def _listen(self) -> None:
        for line in sys.stdin:
            words = line.split()
            self._app.worker.post(lambda words=words: self._obey(words))  # type: ignore[misc]
        self._app.worker.post(self._app.close)

    def _obey(self, words: list[str]) -> None:
        if words[0] == "home":
            self._app.go_home()
        elif words[0] == "preview":
            self._show_pin("")
        elif words[0] == "login":
            self._login(words[1], words[2])
            return
        screen: Any = self._app.screen
        pictures = screen.view.pictures if words[0] == "count" and hasattr(screen, "view") else 0
        _say(event=words[0], at=time.monotonic(), verdicts=self._verdicts, pictures=pictures)

    def _show_pin(self, username: str) -> None:
        from kiosk.screens.customer.login_pin import LoginPin
        from kiosk.screens.customer.login_step import Typed

        self._app.show(lambda app: LoginPin(app, Typed(username), None))

    def _login(self, username: str, pin: str) -> None:
        """Go to the PIN, press as soon as possible, and report when the answer is shown."""
        self._show_pin(username)
        screen: Any = self._app.screen
        screen.pin.text = pin

        def shown() -> bool:
            page = self._app.screen
            return type(page).__name__ == "Account" or getattr(page, "outcome", None) is not None

        def press() -> None:
            if not screen.press.enabled:
                self._app.root.after(_POLL_MS, press)
                return
            self._used = time.process_time()
            self._pressed = time.monotonic()
            screen.press.press()
            self._until(shown, answered)

        def answered() -> None:
            page: Any = self._app.screen
            granted = type(page).__name__ == "Account"
            _say(
                event="login",
                decided_s=self._decided - self._pressed,
                shown_s=time.monotonic() - self._pressed,
                used_s=self._used,
                granted=granted,
                said="" if granted else page.line.sentence,
            )

        press()

    def _until(self, done: Callable[[], bool], then: Callable[[], None]) -> None:
        if done():
            self._app.root.update_idletasks()
            then()
            return
        self._app.root.after(1, lambda: self._until(done, then))


def _say(**words: Any) -> None:
    print(json.dumps(words), flush=True)


def _run(settings: Any, heart: Any) -> int:
    app = kiosk.main.new_app(settings, heart=heart)
    Driver(app)
    app.run()
    return 0


if __name__ == "__main__":
    kiosk.main.run = _run
    sys.exit(gui.main())
