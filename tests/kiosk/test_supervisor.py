"""Supervisor: a window that hangs is replaced, and one that is told to end does end."""

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.supervisor import BEAT_S, Due, Heart, Pulse

REPO = Path(__file__).parents[2]
LIMIT_S = 120.0


def quiet(pulse: Pulse, begin: float, end: float) -> list[tuple[float, Due]]:
    """Look at *pulse* four times a second without a beat; return what was due, and when."""
    found = []
    steps = round((end - begin) * 4)
    for step in range(1, steps + 1):
        now = begin + step / 4
        due = pulse.due(now)
        if due is not Due.NOTHING:
            found.append((now - begin, due))
            if due is Due.KILL:
                break
    return found


def serving(now: float = 100.0) -> Pulse:
    pulse = Pulse(now)
    pulse.hear(b".", now)
    return pulse


def test_stacks_after_two_silent_seconds_and_the_end_after_ten() -> None:
    assert quiet(serving(), 100.0, 120.0) == [(2.25, Due.STACKS), (10.25, Due.KILL)]


def test_a_beat_begins_the_count_anew() -> None:
    pulse = serving()
    assert quiet(pulse, 100.0, 109.0) == [(2.25, Due.STACKS)]
    pulse.hear(b".", 109.0)
    assert quiet(pulse, 109.0, 119.0) == [(2.25, Due.STACKS)]


def test_nothing_is_killed_while_notes_are_paid_out() -> None:
    pulse = serving()
    pulse.hear(b"(", 100.0)
    assert quiet(pulse, 100.0, 700.0) == [(2.25, Due.STACKS)]
    pulse.hear(b")", 700.0)
    assert quiet(pulse, 700.0, 701.0) == [(0.25, Due.KILL)]


def test_the_first_beat_may_take_a_minute() -> None:
    assert quiet(Pulse(0.0), 0.0, 100.0) == [(60.25, Due.KILL)]


def test_who_was_told_to_end_has_two_and_a_half_seconds_even_while_notes_are_paid_out() -> None:
    for told in (lambda p: p.end(100.0), lambda p: p.hear(bytes([signal.SIGTERM]), 100.0)):
        pulse = serving()
        pulse.hear(b"(", 100.0)
        told(pulse)
        pulse.hear(b".", 101.0)
        assert quiet(pulse, 100.0, 110.0) == [(2.75, Due.KILL)]


def test_a_parent_that_stood_still_itself_blames_nobody() -> None:
    pulse = serving()
    assert pulse.due(100.5) is Due.NOTHING
    assert pulse.due(160.0) is Due.NOTHING  # the whole machine slept
    assert quiet(pulse, 160.0, 180.0)[-1] == (9.75, Due.KILL)


def test_a_heart_without_a_parent_beats_and_one_that_lost_its_parent_says_so() -> None:
    assert Heart().beat()
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    heart = Heart(writing)
    assert heart.beat()
    with heart.paying_out():
        pass
    assert os.read(reading, 10) == b".()"
    os.close(reading)
    time.sleep(2 * BEAT_S)
    assert not heart.beat()
    os.close(writing)


HANGS = {
    "a lock": "lock.acquire()",
    "a loop in C that keeps the interpreter": "sum(itertools.repeat(0))",
}


@pytest.fixture(params=sorted(HANGS))
def hanging(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A real window under a parent; the first one hangs once its home page is there."""
    code = f"""
        import itertools, os, sys, threading
        from pathlib import Path
        from atm.settings import Settings
        from kiosk import main as kiosk_main, supervisor

        folder = Path({str(tmp_path)!r})
        lock = threading.Lock()
        lock.acquire()

        def never(settings):
            threading.Event().wait()

        class Hanging(kiosk_main.App):
            def __init__(self, settings, pages, open_with, *more):
                super().__init__(settings, pages, never, *more)
                self.root.after(500, self.painted)

            def painted(self):
                if not self.heart._due_at:  # the parent replaces no window that never beat
                    self.root.after(50, self.painted)
                    return
                print(type(self.screen).__name__, os.getpid(), flush=True)
                if not (folder / "hung").exists():
                    (folder / "hung").touch()
                    {HANGS[request.param]}

        def serve(heart):
            kiosk_main.App = Hanging
            settings = Settings(data_dir=folder / "d", key_dir=folder / "k")
            return kiosk_main.run(settings, heart)

        sys.exit(supervisor.supervise(serve))
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=REPO,
        start_new_session=True,
    )  # fmt: skip
    yield process
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


@pytest.mark.gui
def test_a_window_that_hangs_is_replaced_by_a_clean_home_page(
    hanging: "subprocess.Popen[str]",
) -> None:
    assert hanging.stdout is not None
    first, second = (hanging.stdout.readline().split() for _ in range(2))
    assert first[0] == second[0] == "Home"
    assert first[1] != second[1]
    hanging.send_signal(signal.SIGTERM)
    _, log = hanging.communicate(timeout=LIMIT_S)
    assert "has not answered for 2 s" in log
    assert "in painted" in log  # the stacks say where
    assert hanging.returncode == 0


@pytest.mark.gui
@pytest.mark.parametrize("whom", ["the parent", "the window's process"])
def test_sigterm_ends_a_hanging_window(hanging: "subprocess.Popen[str]", whom: str) -> None:
    assert hanging.stdout is not None
    _, child = hanging.stdout.readline().split()
    time.sleep(0.5)  # it hangs by now
    os.kill(hanging.pid if whom == "the parent" else int(child), signal.SIGTERM)
    _, log = hanging.communicate(timeout=LIMIT_S)
    assert "neither answers nor ends" in log
    with pytest.raises(ProcessLookupError):
        os.kill(int(child), 0)


def test_a_window_that_ends_slowly_is_not_killed_by_the_request_for_stacks() -> None:
    # faulthandler is gone once the interpreter ends, and the request for stacks still comes.
    code = """
        import faulthandler, signal, sys, time
        from kiosk import supervisor

        def serve(heart):
            heart.beat()
            faulthandler.unregister(signal.SIGUSR1)
            time.sleep(supervisor.SILENT_S + 1)
            return 0

        sys.exit(supervisor.supervise(serve))
    """
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True, text=True, cwd=REPO, timeout=LIMIT_S, check=False,
    )  # fmt: skip
    assert "has not answered for 2 s" in ended.stderr
    assert ended.returncode == 0
    assert "Another one starts" not in ended.stderr
