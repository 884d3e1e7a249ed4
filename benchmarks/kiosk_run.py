"""Measurements of the whole kiosk from outside: start, memory, processor time and logins."""

import json
import os
import select
import statistics
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Final, Self

from atm.settings import Settings
from benchmarks import screen
from benchmarks.bank import PIN, USERNAME
from benchmarks.frames import Picture
from benchmarks.process import memory_mb, processor_share
from benchmarks.results import Report, Row, Target, Timing
from benchmarks.screen import Screen
from benchmarks.stream import Stream
from benchmarks.targets import TARGETS
from face_auth.models import LIVENESS_FILE, MODELS

ROOT: Final = Path(__file__).resolve().parent.parent
PAINT_LIMIT_MS, READY_LIMIT_MS = 500.0, 1500.0
IDLE_LIMIT, PREVIEW_LIMIT = 5.0, 40.0
VERDICTS_LEAST = 8.0
PASSIVE_LIMIT_MS = 600.0
_PATIENCE_S = 60.0
_SETTLE_S = 3.0
_BETWEEN_LOGINS_S = 0.5
_STRAIGHT_AGAIN_S = 1.5
"""A little more than the drawn face needs to look straight again after a challenge."""


class KioskError(Exception):
    """The kiosk did not do what a command asked; the text says what."""


class Kiosk:
    """A running kiosk: `kiosk_driver` in a separate process."""

    def __init__(self, settings: Settings, display: str, camera: str) -> None:
        """Start it and wait until it is ready.

        Raises:
            KioskError: If it does not become ready.
        """
        self.started = time.monotonic()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.kiosk_driver", *_options(settings, camera)],
            cwd=ROOT, env=_environment(settings, display),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        try:
            ready = self._hear("ready")
        except KioskError:
            self.close()
            raise
        self.ready_s = float(ready["at"]) - self.started
        self.used_s = float(ready["used_s"])
        self.pid = int(ready["pid"])  # the window's process; its parent only watches over it

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, command: str) -> dict[str, Any]:
        """Send a command to the driver and return its answer."""
        pipe = self._pipe(self._process.stdin)
        pipe.write(command.encode("utf-8") + b"\n")
        pipe.flush()
        return self._hear(command.split()[0])

    def close(self) -> None:
        """Close the window and end the process."""
        self._pipe(self._process.stdin).close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _hear(self, event: str) -> dict[str, Any]:
        pipe = self._pipe(self._process.stdout)
        if not select.select([pipe], [], [], _PATIENCE_S)[0]:
            raise KioskError(f"no answer to {event}")
        line = pipe.readline()
        if not line:
            raise KioskError(f"it ended before {event}")
        answer: dict[str, Any] = json.loads(line)
        if answer["event"] != event:
            raise KioskError(str(answer.get("why", answer)))
        return answer

    def _pipe(self, pipe: IO[bytes] | None) -> IO[bytes]:
        assert pipe is not None
        return pipe


def measure_starts(
    report: Report, settings: Settings, shown: Screen, frames: list[Picture], starts: int
) -> None:
    """Start gui.py and the driver *starts* times each; add the times to the page and to ready.

    The first paint is seen from outside, on the screen, with gui.py unchanged: the moment when
    the page is complete except for what keeps changing, not the first pixel. Ready is measured with
    a stream, which opens like a webcam, and with the drawn face, which takes time to draw.
    """
    painted, ready, drawn, used = [], [], [], []
    with Stream(frames) as stream:
        for number in range(-1 if starts > 1 else 0, starts):  # the first fills the disk's cache
            seconds = _first_paint(settings, shown)
            with Kiosk(settings, shown.display, "demo") as demo:
                pass
            with Kiosk(settings, shown.display, stream.address) as kiosk:
                pass
            if number >= 0:
                painted.append(seconds * 1000)
                drawn.append(demo.ready_s * 1000)
                ready.append(kiosk.ready_s * 1000)
                used.append(kiosk.used_s)
    rows = (("start: first paint", painted), ("start: ready to authenticate", ready))
    report.rows += [Row(name, Timing.of(samples)) for name, samples in rows]
    report.rows.append(Row("start: ready, with the drawn face", Timing.of(drawn)))
    report.facts["processor seconds until ready (median)"] = statistics.median(used)
    limits = (PAINT_LIMIT_MS, READY_LIMIT_MS)
    for (name, samples), limit in zip(rows, limits, strict=True):
        report.targets.append(Target(f"{name}, median", Timing.of(samples).median_ms, "ms", limit))


def measure_running(
    report: Report, settings: Settings, shown: Screen, frames: list[Picture], seconds: float
) -> None:
    """Add memory and processor time at home and with the preview, *seconds* long each.

    Two cameras: the drawn face, and a stream of JPEG pictures, which costs what a webcam does.
    """
    with Stream(frames) as stream:
        for name, camera in (("stream", stream.address), ("demo", "demo")):
            with Kiosk(settings, shown.display, camera) as kiosk:
                _watch(report, kiosk, name, seconds, TARGETS[settings.network].memory_mb)


def measure_logins(report: Report, settings: Settings, shown: Screen, logins: int) -> None:
    """Log in *logins* times through the window; add the times to the decision and to the page.

    Also with the passive checks, and a sixth as often with a challenge, whose time is the person's.
    """
    samples, held = _logins(settings, shown, logins)
    half = len(held) // 2
    report.facts["memory after these logins, MB (demo)"] = held[-1]
    report.facts["memory added by each of the later half of them, MB"] = (
        held[-1] - held[half - 1]
    ) / (len(held) - half)
    report.facts["processor ms from press to decision in the window (median)"] = statistics.median(
        samples["used_s"]
    )
    decided = Timing.of(samples["decided_s"])
    report.rows.append(Row("login in the window: press to decision", decided))
    seen = Timing.of(samples["shown_s"])
    report.rows.append(Row("login in the window: press to account page", seen))
    passive = Timing.of(
        _logins(replace(settings, liveness="passive"), shown, logins)[0]["decided_s"]
    )
    report.rows.append(Row("login in the window: press to decision, passive checks", passive))
    asked = replace(settings, liveness="challenge")
    try:
        challenge = Timing.of(
            _logins(asked, shown, max(1, logins // 6), _STRAIGHT_AGAIN_S)[0]["decided_s"]
        )
        report.rows.append(Row("login in the window: press to decision, challenge", challenge))
    except KioskError as error:  # now and then even the drawn face is refused one
        report.notes.append(f"Logins with a challenge were broken off: {error}")
    limit = TARGETS[settings.network].login_ms
    report.targets.append(
        Target("press to decision in the window, p95", decided.p95_ms, "ms", limit)
    )
    if (MODELS / LIVENESS_FILE).exists():
        report.targets.append(
            Target("the same with the passive checks, p95", passive.p95_ms, "ms", PASSIVE_LIMIT_MS)
        )
    else:
        report.notes.append(
            "The passive checks have a target where the evidence is clear after three pictures,"
            " which needs the published liveness network: python -m face_auth.models fetch minifas."
        )


def _logins(
    settings: Settings, shown: Screen, logins: int, rest_s: float = _BETWEEN_LOGINS_S
) -> tuple[dict[str, list[float]], list[float]]:
    """Return the driver's times in ms, by name, and the kiosk's memory in MB after each login."""
    samples: dict[str, list[float]] = {"decided_s": [], "shown_s": [], "used_s": []}
    held = []
    with Kiosk(settings, shown.display, settings.camera) as kiosk:
        for number in range(-2, logins):
            kiosk.ask("preview")
            time.sleep(rest_s + 0.037 * (number % 10))
            answer = kiosk.ask(f"login {USERNAME} {PIN}")
            if not answer["granted"]:
                raise KioskError(f"login {number} in the window was not granted: {answer['said']}")
            if number >= 0:
                for name, times in samples.items():
                    times.append(answer[name] * 1000)
            kiosk.ask("home")
            held.append(memory_mb(kiosk.pid, "Rss"))
    return samples, held


def _watch(report: Report, kiosk: Kiosk, name: str, seconds: float, most_memory_mb: float) -> None:
    time.sleep(_SETTLE_S)
    idle = processor_share(kiosk.pid, seconds) * 100
    kiosk.ask("preview")
    time.sleep(_SETTLE_S)
    before = kiosk.ask("count")
    busy = processor_share(kiosk.pid, seconds) * 100
    after = kiosk.ask("count")
    passed = after["at"] - before["at"]
    held = memory_mb(kiosk.pid, "Rss")
    report.facts[f"pictures painted a second ({name})"] = (
        after["pictures"] - before["pictures"]
    ) / passed
    report.facts[f"memory, its share of what is shared only, MB ({name})"] = memory_mb(kiosk.pid)
    verdicts = (after["verdicts"] - before["verdicts"]) / passed
    report.targets += [
        Target(f"memory of the running kiosk, {name} (RSS)", held, "MB", most_memory_mb),
        Target(f"idle home page, {name}", idle, "% of a core", IDLE_LIMIT),
        Target(f"preview, {name}", busy, "% of a core", PREVIEW_LIMIT),
        Target(f"guidance verdicts, {name}", verdicts, "a second", VERDICTS_LEAST, "least"),
    ]


def _first_paint(settings: Settings, shown: Screen) -> float:
    """Return seconds from the start of gui.py to its page on the screen."""
    time.sleep(0.3)  # the window before has left the screen
    begin = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "gui.py", *_options(settings, "demo")],
        cwd=ROOT,
        env=_environment(settings, shown.display),
    )
    try:
        seen = screen.watch(shown, begin + _SETTLE_S)
    finally:
        process.terminate()
        process.wait()
    return screen.first_painted(seen) - begin


def _options(settings: Settings, camera: str) -> list[str]:
    return [
        "--data", str(settings.data_dir), "--kind", str(settings.kind),
        "--camera", camera, "--liveness", settings.liveness, "--network", settings.network,
    ]  # fmt: skip


def _environment(settings: Settings, display: str) -> dict[str, str]:
    """Return the kiosk's environment: no ATM_ variables of the user, its display, its keys."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ATM_")}
    return kept | {"DISPLAY": display, "ATM_KEY_DIR": str(settings.key_dir)}
