"""Bank for one test: the service as a separate process, kiosks with photographs as camera."""

import contextlib
import io
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from atm.commands.closed import approve_kiosk
from atm.folder import Kind
from atm.machine import Machine
from atm.opening import open_machine
from atm.people import Application, Customer, Signatures, StaffMember
from atm.settings import Settings
from benchmarks.fleet.certificates import Pair
from benchmarks.fleet.service import ROOT, STAFF, Service
from tests.fleet.patient import VARIABLE

__all__ = [
    "REPORT", "ROOT", "STAFF",
    "Fleet", "enrol", "folder_of", "kiosk_settings", "open_kiosk", "sign_in",
]  # fmt: skip


REPORT = {"kind": "test", "liveness": "off", "camera": "folder"}
"""What a test's kiosk says of itself."""


class Fleet(Service):
    """The service with cheap hashing, and whatever kiosks a test opens."""

    program = (Path(__file__).with_name("cheap_service.py"),)

    def __init__(self, folder: Path, database: str, owner: str, *, patient: bool = True) -> None:
        """Take an empty database, by its addresses as the service's role and as its owner.

        A *patient* service has no limits that a busy machine reaches.
        """
        super().__init__(folder, database, owner)
        if patient:
            self.environment[VARIABLE] = "yes"
        self._closing = contextlib.ExitStack()

    def settings(
        self, name: str, pair: Pair, camera: Path, port: int | None = None, **others: Any
    ) -> Settings:
        """Return the settings of a kiosk."""
        return kiosk_settings(self, name, pair, camera, port, **others)

    def kiosk(self, name: str, camera: Path, **others: Any) -> Machine:
        """Set a kiosk up and open it until the fleet is closed; see `open_kiosk`."""
        machine = open_kiosk(self, name, camera, **others)
        self._closing.callback(machine.close)
        return machine

    def close(self) -> None:
        """Close every kiosk, then the service."""
        self._closing.close()
        super().close()


def kiosk_settings(
    service: Service, name: str, pair: Pair, camera: Path, port: int | None = None, **others: Any
) -> Settings:
    """Return the settings of a kiosk whose folders lie beside the service's."""
    files = service.files(pair, port)
    return Settings(
        **{
            "data_dir": service.folder / name,
            "key_dir": service.folder / f"{name}-keys",
            "kind": Kind.TEST,
            "camera": str(camera),
            "liveness": "off",
            "store": files.address,
            "store_ca": files.ca,
            "store_cert": files.certificate,
            "store_key": files.key,
        }
        | others
    )


def open_kiosk(
    service: Service,
    name: str,
    camera: Path,
    *,
    port: int | None = None,
    begins: timedelta = -timedelta(days=1),
    ends: timedelta = timedelta(days=7),
    **others: Any,
) -> Machine:
    """Set a kiosk up and open it, with its models loaded."""
    pair = service.authority.issue(name, begins=begins, ends=ends)
    service.register(name, pair)
    settings = kiosk_settings(service, name, pair, camera, port, **others)
    with mock.patch("sys.stdin", io.StringIO(f"ruiz\n{STAFF['ruiz']}\n")):
        approve_kiosk(settings)
    machine = open_machine(settings)
    machine.warm_up()
    return machine


def sign_in(machine: Machine, name: str = "ruiz") -> StaffMember:
    """Return a member of staff, signed in at *machine*."""
    return machine.staff.sign_in(name, STAFF[name])


def enrol(machine: Machine, username: str, pin: str, balance_minor: int = 50_000) -> Customer:
    """Enrol whoever is before the camera of *machine*."""
    application = Application(username, username.title(), balance_minor, pin, datetime.now(UTC))
    both = Signatures(sign_in(machine), sign_in(machine, "okafor"))
    return machine.enrol(application, staff=both)


def folder_of(files: Sequence[Path], folder: Path) -> Path:
    """Copy photographs into a folder of their own, for a camera."""
    folder.mkdir(parents=True)
    for file in files:
        shutil.copy(file, folder)
    return folder
