"""A bank for one test: the service as a process of its own, kiosks with photographs as camera."""

import contextlib
import io
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from atm.commands.closed import approve_kiosk
from atm.folder import Kind
from atm.machine import Machine
from atm.opening import open_machine
from atm.people import Application, Customer, StaffMember
from atm.settings import Settings
from tests.fleet.patient import VARIABLE
from tests.fleet.service.certificates import Authority, Pair
from tests.patience import LIMIT_S
from tests.ports import Port

ROOT = Path(__file__).parents[3]
LAUNCHER = Path(__file__).with_name("cheap_service.py")
STAFF = {"ruiz": "482913", "okafor": "739154"}


class Fleet:
    """The service over one database, its authority, and whatever kiosks a test opens."""

    def __init__(self, folder: Path, database: str, owner: str, *, patient: bool = True) -> None:
        """Take an empty database, by its addresses as the service's role and as its owner.

        A *patient* service has no limits that a busy machine reaches.
        """
        self.folder = folder
        self.authority = Authority(folder / "ca")
        self.own = self.authority.issue("service", server=True)
        self._port = Port()
        self.port = self._port.number
        self.keys = folder / "service" / "keys.json"
        self.keys.parent.mkdir()
        self.keys.parent.chmod(0o700)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ATM_")},
            "PYTHONPATH": str(ROOT),
            "ATM_SERVICE_DATABASE": database,
            "ATM_SERVICE_OWNER": owner,
            "ATM_SERVICE_KEYS": str(self.keys),
            "ATM_SERVICE_CERTIFICATE": str(self.own.certificate),
            "ATM_SERVICE_CERTIFICATE_KEY": str(self.own.key),
            "ATM_SERVICE_KIOSK_CA": str(self.authority.certificate),
            "ATM_SERVICE_PORT": str(self.port),
        }
        if patient:
            self.environment[VARIABLE] = "yes"
        self.process: subprocess.Popen[bytes] | None = None
        self._closing = contextlib.ExitStack()

    def set_up(self) -> None:
        """Make tables, keys and the first member of staff."""
        self.command("schema")
        self.command("keys", "make")
        self.command("init", typed="ruiz\n482913\n")

    def command(self, *arguments: str, typed: str = "") -> str:
        """Run `python -m atm.service` to its end and return what it prints."""
        done = subprocess.run(
            [sys.executable, LAUNCHER, *arguments],
            env=self.environment, cwd=ROOT, input=typed, capture_output=True, text=True,
            timeout=600,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self) -> None:
        """Start the service and wait until it takes connections."""
        with (self.folder / "service.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, LAUNCHER, "run"],
                env=self.environment, cwd=ROOT, stdout=log, stderr=log,
            )  # fmt: skip
        latest = time.monotonic() + LIMIT_S
        while time.monotonic() < latest:
            assert self.process.poll() is None, (self.folder / "service.log").read_text()
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.1)
        raise AssertionError("the service does not start")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End the service with a signal."""
        process, self.process = self.process, None
        if process is not None:
            process.send_signal(signal.SIGCONT)
            process.send_signal(how)
            process.wait(LIMIT_S)

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Let the service stand still: it takes connections and answers nothing."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def register(self, name: str, pair: Pair) -> None:
        """Let the kiosk with that certificate in."""
        self.command("kiosk", "add", name, "--certificate", str(pair.certificate))

    def settings(
        self, name: str, pair: Pair, camera: Path, port: int | None = None, **others: Any
    ) -> Settings:
        """Return the settings of a kiosk."""
        return Settings(
            **{
                "data_dir": self.folder / name,
                "key_dir": self.folder / f"{name}-keys",
                "kind": Kind.TEST,
                "camera": str(camera),
                "liveness": "off",
                "store": f"https://127.0.0.1:{port or self.port}",
                "store_ca": self.authority.certificate,
                "store_cert": pair.certificate,
                "store_key": pair.key,
            }
            | others
        )

    def kiosk(
        self,
        name: str,
        camera: Path,
        *,
        port: int | None = None,
        begins: timedelta = -timedelta(days=1),
        ends: timedelta = timedelta(days=7),
        **others: Any,
    ) -> Machine:
        """Set a kiosk up and open it, with its models loaded."""
        pair = self.authority.issue(name, begins=begins, ends=ends)
        self.register(name, pair)
        settings = self.settings(name, pair, camera, port, **others)
        with mock.patch("sys.stdin", io.StringIO("ruiz\n482913\n")):
            approve_kiosk(settings)
        machine = open_machine(settings)
        self._closing.callback(machine.close)
        machine.warm_up()
        if "okafor" not in dict(self._names(machine)):
            machine.office.add_staff("okafor", STAFF["okafor"], signed=sign_in(machine))
        return machine

    @staticmethod
    def _names(machine: Machine) -> list[tuple[str, bool]]:
        return machine.office.members(staff=sign_in(machine))

    def close(self) -> None:
        """Close every kiosk, then the service."""
        self._closing.close()
        self.stop()
        self._port.close()


def sign_in(machine: Machine, name: str = "ruiz") -> StaffMember:
    """Return a member of staff, signed in at *machine*."""
    return machine.staff.sign_in(name, STAFF[name])


def enrol(machine: Machine, username: str, pin: str, balance_minor: int = 50_000) -> Customer:
    """Enrol whoever is before the camera of *machine*."""
    application = Application(username, username.title(), balance_minor, pin, datetime.now(UTC))
    return machine.enrol(application, staff=sign_in(machine))


def folder_of(files: Sequence[Path], folder: Path) -> Path:
    """Copy photographs into a folder of their own, for a camera."""
    folder.mkdir(parents=True)
    for file in files:
        shutil.copy(file, folder)
    return folder
