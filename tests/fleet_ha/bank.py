"""A bank as it would be run: Patroni's cluster, two copies of the service, ten kiosks."""

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import psycopg

from atm.machine import Machine
from atm.people import Signatures
from atm.service.migrate import ROLE
from tests.fleet.service.fleet import ROOT, Fleet, enrol, sign_in
from tests.fleet_ha.hosts import Hosts
from tests.fleet_ha.kiosk import PIN, STAFF_PIN
from tests.fleet_ha.patroni import Cluster

COPIES: Final = 2
KIOSKS: Final = 10
CUSTOMERS: Final = 5
BALANCE_MINOR: Final = 900_000_000
DAY_LIMIT: Final = 10_000_000


class Bank:
    """Everything of one trial, in one folder."""

    def __init__(self, folder: Path, hosts: Hosts) -> None:
        """Start the cluster, make the tables, start the service's copies."""
        self.folder = folder
        self.cluster = Cluster(_made(folder / "cluster"), hosts, copies=COPIES)
        self._closing = contextlib.ExitStack()
        self._closing.callback(self.cluster.stop)
        try:
            self.cluster.start()
            self._set_up()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End everything."""
        self._closing.close()

    def connect(self, database: str = "atm") -> psycopg.Connection:
        """Return a plain connection to the primary, as the database's owner."""
        return psycopg.connect(
            host="127.0.0.1", port=self.cluster.port, user="postgres", dbname=database,
            password=self.cluster.password, autocommit=True, connect_timeout=5,
        )  # fmt: skip

    def start_kiosks(self, people: Sequence[tuple[Path, Path]]) -> None:
        """Enrol the customers, then start every kiosk; two stand before each customer.

        Args:
            people: For each customer a folder of photographs to enrol by and one to log in by.
        """
        settings = []
        for number in range(KIOSKS):
            who = number // (KIOSKS // CUSTOMERS)
            first = number % (KIOSKS // CUSTOMERS) == 0
            machine = self.fleet.kiosk(
                f"kiosk{number}", people[who][0 if first else 1],
                port=self.cluster.service_port, day_limit=DAY_LIMIT,
            )  # fmt: skip
            self._add_staff(machine, f"staff{number}")
            if first:
                enrol(machine, f"customer{who}", PIN, balance_minor=BALANCE_MINOR)
            given = asdict(machine.settings) | {"camera": str(people[who][1])}
            settings.append({name: value for name, value in given.items() if value is not None})
            machine.close()
        self._kiosks = [self._start_kiosk(number, each) for number, each in enumerate(settings)]

    def quiet_kiosks(self, limit_s: float) -> list[int]:
        """Let every kiosk end its last login, and tell the service what it must know yet.

        Returns:
            The numbers of those that died before, or did not come to an end.
        """
        for process in self._kiosks:
            process.send_signal(signal.SIGTERM)
        lost = []
        for number, process in enumerate(self._kiosks):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(limit_s)
            if process.returncode != 0:
                lost.append(number)
        return lost

    def diary(self, number: int) -> Path:
        """Return where kiosk *number* writes what it did."""
        return self.folder / f"kiosk{number}.diary"

    def _set_up(self) -> None:
        password = secrets.token_hex(16)
        with self.connect("postgres") as connection:
            connection.execute("CREATE DATABASE atm")
        self.fleet = Fleet(
            _made(self.folder / "fleet"),
            self.cluster.url(ROLE, password, "atm"),
            self.cluster.url("postgres", self.cluster.password, "atm"),
        )
        self.fleet.environment["ATM_SERVICE_DAY_LIMIT"] = str(DAY_LIMIT)
        self._closing.callback(self.fleet.close)
        self.fleet.command("schema")
        with self.connect() as connection:
            connection.execute(f"ALTER ROLE {ROLE} LOGIN PASSWORD '{password}'")
        self.fleet.command("keys", "make")
        self.fleet.command("init", typed="ruiz\n482913\n")
        for number, port in enumerate(self.cluster.copies):
            self._start_copy(number, port)
        self.cluster.wait(self._serves, 60, "a service that takes connections")

    def _start_copy(self, number: int, port: int) -> None:
        with (self.folder / f"service{number}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "atm.service", "run"], cwd=ROOT, stdout=log, stderr=log,
                env=self.fleet.environment | {"ATM_SERVICE_PORT": str(port)},
            )  # fmt: skip
        self._closing.callback(_end, process)

    def _serves(self) -> bool:
        for port in self.cluster.copies:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
            except OSError:
                return False
        return True

    def _add_staff(self, machine: Machine, name: str) -> None:
        ruiz, okafor = sign_in(machine, "ruiz"), sign_in(machine, "okafor")
        machine.office.add_staff(name, STAFF_PIN, signed=Signatures(ruiz, okafor))

    def _start_kiosk(self, number: int, settings: dict[str, Any]) -> subprocess.Popen[bytes]:
        file = self.folder / f"kiosk{number}.json"
        file.write_text(json.dumps(settings, default=str))
        who = number // (KIOSKS // CUSTOMERS)
        with (self.folder / f"kiosk{number}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.fleet_ha.kiosk", file, f"customer{who}",
                 f"staff{number}", self.diary(number)],
                cwd=ROOT, stdout=log, stderr=log, env=os.environ | {"PYTHONPATH": str(ROOT)},
            )  # fmt: skip
        self._closing.callback(_end, process)
        return process


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
