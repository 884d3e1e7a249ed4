"""Metrics of a kiosk: its logins, and what its machine says of itself when they are read."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from atm.errors import AtmError
from atm.keys.keys import last_backup
from atm.metrics import Metrics, MetricsError
from credentials.errors import CredentialError
from face_auth.types import CameraState

if TYPE_CHECKING:
    from atm.machine import Machine
    from atm.settings import Settings

_log = logging.getLogger(__name__)


class Monitoring:
    """Metrics of the machine behind the window, from the start of the window to its end."""

    def __init__(self, address: str) -> None:
        """Serve at *address*; a port that cannot be had is told by the log and the health page.

        Raises:
            MetricsError: If prometheus-client is not installed.
        """
        self.in_service: Callable[[], bool] = lambda: False
        """Whether customers are served now; cheap, and called on any thread."""
        self.problem = ""
        self._machine: Machine | None = None
        self.metrics = Metrics(address, lambda: dict(self._gauges()))
        try:
            self.metrics.serve()
        except MetricsError as error:  # customers are served without it
            self.problem = str(error)
            _log.error("%s", error)

    def watched(self, open_with: Callable[[Settings], Machine]) -> Callable[[Settings], Machine]:
        """Return *open_with*, which then also has its machine watched."""

        def opened(settings: Settings) -> Machine:
            self._machine = None
            machine = open_with(settings)
            machine.told = self.metrics.login
            machine.more_notes = (self.problem,) if self.problem else ()
            self._machine = machine
            return machine

        return opened

    def _gauges(self) -> Iterator[tuple[str, tuple[str, float]]]:
        serves = self.in_service()
        yield "atm_in_service", ("Whether customers can log in: 1 or 0.", float(serves))
        machine = self._machine
        if machine is None:
            return
        for name, about, read in _READ:
            try:
                value = read(machine)
            except (AtmError, CredentialError, OSError):  # the health page says so
                continue
            if value is not None:
                yield name, (about, float(value))


def _holds(machine: Machine) -> int | None:
    ledger = getattr(machine.bank.stores, "ledger", None)  # a bank's service keeps its own
    return None if ledger is None else len(ledger.open_holds())


def _backup(machine: Machine) -> float | None:
    made = last_backup(machine.settings.key_dir, machine.folder)
    return None if made is None else made.timestamp()


_READ: tuple[tuple[str, str, Callable[[Machine], float | None]], ...] = (
    (
        "atm_camera_ready", "Whether the camera delivers pictures: 1 or 0.",
        lambda machine: machine.camera_state == CameraState.READY,
    ),
    (
        "atm_face_check_pictures_per_second", "Median rate of the last face checks.",
        lambda machine: machine.pace,
    ),
    ("atm_holds_open", "Withdrawals whose outcome staff must settle.", _holds),
    (
        "atm_log_room_entries", "Entries for which the audit log has room.",
        lambda machine: machine.bank.stores.audit.room(),
    ),
    (
        "atm_disk_free_ratio", "Free share of the data folder's disk, 0 to 1.",
        lambda machine: machine.bank.stores.audit.free_share(),
    ),
    (
        "atm_pause_seconds", "Seconds left of the pause after refusals.",
        lambda machine: machine.bank.stores.pause.remaining(),
    ),
    (
        "atm_key_backup_timestamp_seconds", "Time of the last backup of the keys.", _backup,
    ),
)  # fmt: skip
"""Name, help and reading of each gauge of a machine; None where there is nothing to tell."""
