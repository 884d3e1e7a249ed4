"""Reports to the service manager: what comes out of a real datagram socket."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.service_manager import REPORTS, ServiceManager

REPO = Path(__file__).parents[2]
LIMIT_S = 120.0


@pytest.fixture(params=["a path", "an abstract name"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    """A service manager's socket, and what NOTIFY_SOCKET says of it."""
    name = str(tmp_path / "notify") if request.param == "a path" else f"@kiosk-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("\0" + name[1:] if name.startswith("@") else name)
        yield listening, name


def heard(listening: socket.socket) -> list[bytes]:
    """Return what has come so far."""
    found = []
    listening.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            found.append(listening.recv(100))
    return found


def test_reports_reach_the_manager_as_often_as_it_needs_them(
    manager: tuple[socket.socket, str],
) -> None:
    listening, name = manager
    reports = ServiceManager({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "40000000"})
    reports.serves()
    reports.serves()
    assert heard(listening) == [b"READY=1"]
    for second in range(40):
        reports.alive(1000.0 + second)
    assert heard(listening) == [b"WATCHDOG=1"] * REPORTS


def test_no_child_inherits_the_address() -> None:
    environ = {"NOTIFY_SOCKET": "/nowhere", "WATCHDOG_USEC": "1", "PATH": "/bin"}
    ServiceManager(environ)
    assert environ == {"PATH": "/bin"}


def test_without_a_watchdog_only_the_start_is_reported(manager: tuple[socket.socket, str]) -> None:
    listening, name = manager
    reports = ServiceManager({"NOTIFY_SOCKET": name})
    reports.serves()
    reports.alive(1.0)
    assert heard(listening) == [b"READY=1"]


def test_a_manager_that_is_gone_is_logged_and_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "gone")}).serves()
    assert "The service manager cannot be reached: No such file" in caplog.text
    ServiceManager({}).serves()
    assert len(caplog.records) == 1


def test_the_watchdog_hears_a_window_that_answers_and_not_one_that_hangs(tmp_path: Path) -> None:
    """The window beats for two seconds, then stands still; its parent does not replace it here."""
    code = """
        import sys, time
        from kiosk import supervisor

        supervisor.HUNG_S = 1e9

        def serve(heart):
            end = time.monotonic() + 2.0
            while time.monotonic() < end:
                heart.beat()
                time.sleep(0.05)
            while True:
                time.sleep(1.0)

        sys.exit(supervisor.supervise(serve))
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code)], cwd=REPO, stderr=subprocess.PIPE,
            text=True, start_new_session=True,
            env=os.environ | {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "400000"},
        )  # fmt: skip
        try:
            listening.settimeout(LIMIT_S)
            told = [listening.recv(100) for _ in range(6)]
            assert told == [b"WATCHDOG=1", b"READY=1"] + [b"WATCHDOG=1"] * 4
            assert process.stderr is not None
            line = process.stderr.readline()  # the parent saw it hang
            assert "has not answered for 2 s" in line
            heard(listening)
            listening.settimeout(3.0)  # thirty reports would come in that time
            with pytest.raises(TimeoutError):
                listening.recv(100)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
