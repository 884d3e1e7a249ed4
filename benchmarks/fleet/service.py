"""The bank's service as a separate process, with certificates for the kiosks that connect to it."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from atm.errors import AtmError
from atm.fleet.kiosk.client import ServiceClient
from atm.fleet.wire_errors import CALL_S
from benchmarks.fleet.certificates import Authority, Pair
from benchmarks.port import Port

ROOT: Final = Path(__file__).resolve().parents[2]
STAFF: Final = {"ruiz": "482913", "okafor": "739154"}
"""Names and PINs of the two members of staff."""
START_S: Final = 120.0
"""How long a start or an end may take on a busy machine."""


@dataclass(frozen=True, slots=True)
class KioskFiles:
    """Address and certificate files with which one kiosk connects.

    Attributes:
        address: Address of the service.
        ca: The authority that signed the service's certificate.
        certificate: The kiosk's own.
        key: The kiosk's private key.
    """

    address: str
    ca: Path
    certificate: Path
    key: Path

    def client(self, call_s: float = CALL_S) -> ServiceClient:
        """Return a client of the service, by default with a kiosk's own time limit."""
        return ServiceClient(
            self.address, ca=self.ca, certificate=self.certificate, key=self.key, call_s=call_s
        )


class Service:
    """The service over one database, with its own authority, key file and port.

    Attributes:
        folder: Folder of certificates, keys and the log.
        authority: The bank's authority, for the service and for kiosks.
        keys: The key file; made by `set_up` or by the caller.
        port: Port of the service.
        environment: The variables that the service runs with.
    """

    program: Sequence[str | Path] = ("-m", "atm.fleet.service")
    """The arguments of Python that run it."""

    def __init__(self, folder: Path, database: str, owner: str) -> None:
        """Use the database at *database* as the service's role and at *owner* as its owner."""
        self.folder = folder
        self.authority = Authority(folder / "ca")
        own = self.authority.issue("service", server=True)
        self._port = Port()
        self.port = self._port.number
        self.keys = folder / "service" / "keys.json"
        self.keys.parent.mkdir(mode=0o700)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ATM_")},
            "PYTHONPATH": str(ROOT),
            "ATM_SERVICE_DATABASE": database,
            "ATM_SERVICE_OWNER": owner,
            "ATM_SERVICE_KEYS": str(self.keys),
            "ATM_SERVICE_CERTIFICATE": str(own.certificate),
            "ATM_SERVICE_CERTIFICATE_KEY": str(own.key),
            "ATM_SERVICE_KIOSK_CA": str(self.authority.certificate),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def set_up(self) -> None:
        """Create tables, keys and two members of staff."""
        self.command("schema")
        self.command("keys", "make")
        first, second = (f"{name}\n{pin}\n" for name, pin in STAFF.items())
        self.command("init", typed=first)
        self.command("init", typed=first + second)

    def command(self, *arguments: str, typed: str = "") -> str:
        """Run one command of the service to its end and return what it prints.

        Raises:
            AtmError: If it fails; the text is its standard error.
        """
        done = subprocess.run(
            [sys.executable, *self.program, *arguments],
            env=self.environment, cwd=ROOT, input=typed, capture_output=True, text=True,
            timeout=600,
        )  # fmt: skip
        if done.returncode:
            raise AtmError(done.stderr)
        return done.stdout

    def start(self) -> None:
        """Start the service and wait until it takes connections.

        Raises:
            AtmError: If it does not start; the text is the end of its log.
        """
        process = self._process = self.start_copy(self.port)
        latest = time.monotonic() + START_S
        while time.monotonic() < latest and process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.1)
        raise AtmError(f"The service does not start: {self._log(self.port).read_text()[-2000:]}")

    def start_copy(self, port: int) -> "subprocess.Popen[bytes]":
        """Start a copy at *port* and return its process at once; the caller must end it."""
        with self._log(port).open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *self.program, "run"], cwd=ROOT, stdout=log, stderr=log,
                env=self.environment | {"ATM_SERVICE_PORT": str(port)},
            )  # fmt: skip

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop the service with a signal."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGCONT)
            process.send_signal(how)
            process.wait(START_S)

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Halt the service inside the block: it accepts connections and answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def register(self, name: str, pair: Pair) -> None:
        """Let both members of staff register the kiosk *name*, which may be a test's."""
        self.command(
            "kiosk", "add", name, "--certificate", str(pair.certificate),
            "--kind", "test", "--liveness", "off",
            typed="".join(f"{name}\n{pin}\n" for name, pin in STAFF.items()),
        )  # fmt: skip

    def files(self, pair: Pair, port: int | None = None) -> KioskFiles:
        """Return the connection files of the kiosk with that certificate."""
        address = f"https://127.0.0.1:{port or self.port}"
        return KioskFiles(address, self.authority.certificate, pair.certificate, pair.key)

    def close(self) -> None:
        """Stop the service and release its port."""
        self.stop()
        self._port.close()

    def _log(self, port: int) -> Path:
        return self.folder / f"service-{port}.log"
