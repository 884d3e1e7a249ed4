"""One copy of the service, a process of its own over a temporary database, and its kiosks."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from atm.errors import AtmError
from atm.remote.client import ServiceClient
from atm.service.database_parts import ServiceStores
from atm.wire import CALL_S
from tests.fleet.service.certificates import Authority

STAFF: Final = {"ruiz": "482913", "okafor": "739154"}
PATIENT_S: Final = 600.0
"""How long enrolment waits for its answer here: a kiosk gives up sooner, and then there would be
no figure."""

_ROOT: Final = Path(__file__).resolve().parents[2]
_START_S = 60.0


@dataclass(frozen=True, slots=True)
class KioskFiles:
    """What one kiosk connects with; may be sent to another process.

    Attributes:
        address: The service's.
        ca: The authority that signed the service's certificate.
        certificate: The kiosk's own.
        key: Its private key.
    """

    address: str
    ca: Path
    certificate: Path
    key: Path

    def client(self, call_s: float = CALL_S) -> ServiceClient:
        """Return a way to the service, with a kiosk's own patience if no other is given."""
        return ServiceClient(
            self.address, ca=self.ca, certificate=self.certificate, key=self.key, call_s=call_s
        )


@contextlib.contextmanager
def running_service(
    folder: Path, database: str, keys: Path, parts: ServiceStores, kiosks: int
) -> Iterator[list[KioskFiles]]:
    """Run the service, with staff and so many kiosks; yields what each kiosk connects with.

    Raises:
        AtmError: If it does not start.
    """
    authority = Authority(folder / "ca")
    own = authority.issue("service", server=True)
    port = _free_port()
    first = parts.staff.add_first("ruiz", STAFF["ruiz"])
    parts.staff.add("okafor", STAFF["okafor"], signed=first)
    files = []
    for number in range(kiosks):
        pair = authority.issue(f"kiosk{number}")
        parts.kiosks.add(f"kiosk{number}", pair.fingerprint)
        files.append(
            KioskFiles(
                f"https://127.0.0.1:{port}", authority.certificate, pair.certificate, pair.key
            )
        )
    environment = {name: text for name, text in os.environ.items() if not name.startswith("ATM_")}
    environment |= {
        "ATM_SERVICE_DATABASE": database,
        "ATM_SERVICE_KEYS": str(keys),
        "ATM_SERVICE_CERTIFICATE": str(own.certificate),
        "ATM_SERVICE_CERTIFICATE_KEY": str(own.key),
        "ATM_SERVICE_KIOSK_CA": str(authority.certificate),
        "ATM_SERVICE_PORT": str(port),
    }
    log = folder / "service.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "atm.service", "run"],
            env=environment, cwd=_ROOT, stdout=out, stderr=out,
        )  # fmt: skip
    try:
        _wait(process, port, log)
        yield files
    finally:
        process.terminate()
        process.wait(30)


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    latest = time.monotonic() + _START_S
    while time.monotonic() < latest and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.1)
    raise AtmError(f"The service does not start: {log.read_text()[-2000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
