"""Whole bank on one machine: a Patroni cluster and two copies of the service. Needs root."""

import contextlib
import secrets
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any, Final

import psycopg

from atm.fleet.service.store.migrate import ROLE
from benchmarks.fleet.hosts import Hosts
from benchmarks.fleet.patroni import PatroniCluster
from benchmarks.fleet.service import STAFF, KioskFiles, Service

COPIES: Final = 2
_START_S: Final = 60.0
_END_S: Final = 20.0


class WholeBank:
    """A PostgreSQL cluster and copies of the service, in one folder.

    Attributes:
        cluster: The database servers.
        service: The service's certificates and commands; kiosks reach its copies at
            `cluster.service_port`.
    """

    def __init__(self, folder: Path, hosts: Hosts, **variables: str) -> None:
        """Start the cluster, create the tables, and start the copies.

        Args:
            folder: An empty folder that other users may enter.
            hosts: The hosts that the servers run on.
            **variables: Further settings of the service.

        Raises:
            ClusterError: If the cluster or a copy does not start.
        """
        self.folder = folder
        for name in ("cluster", "service"):
            (folder / name).mkdir(parents=True)
        self.cluster = PatroniCluster(folder / "cluster", hosts, copies=COPIES)
        self._closing = contextlib.ExitStack()
        self._closing.callback(self.cluster.stop)
        try:
            self.cluster.start()
            self.service = self._set_up(variables)
            for port in self.cluster.copies:
                self.end_with_me(self.service.start_copy(port))
            self.cluster.wait(self._serves, _START_S, "a service that takes connections")
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Stop everything."""
        self._closing.close()

    def end_with_me(self, process: "subprocess.Popen[bytes]") -> None:
        """Let `close` end *process* too."""
        self._closing.callback(_end, process)

    def connect(self, database: str = "atm") -> psycopg.Connection[Any]:
        """Return a plain connection to the primary, as the database's owner."""
        return psycopg.connect(
            host="127.0.0.1", port=self.cluster.port, user="postgres", dbname=database,
            password=self.cluster.password, autocommit=True, connect_timeout=5,
        )  # fmt: skip

    def add_kiosk(self, name: str) -> KioskFiles:
        """Register a kiosk and return its connection files."""
        pair = self.service.authority.issue(name)
        self.service.register(name, pair)
        return self.service.files(pair, self.cluster.service_port)

    def described(self, kiosk: KioskFiles) -> str:
        """Return instructions for the use of the bank by *kiosk*."""
        return (
            f"PostgreSQL: 127.0.0.1:{self.cluster.port}, primary on {self.cluster.primary()}\n"
            f"Staff: ruiz, PIN {STAFF['ruiz']}\n"
            f"A kiosk's settings, for kiosk.toml:\n"
            f'store = "{kiosk.address}"\n'
            f'store_ca = "{kiosk.ca}"\n'
            f'store_cert = "{kiosk.certificate}"\n'
            f'store_key = "{kiosk.key}"'
        )

    def _set_up(self, variables: dict[str, str]) -> Service:
        password = secrets.token_hex(16)
        with self.connect("postgres") as connection:
            connection.execute("CREATE DATABASE atm")
        service = Service(
            self.folder / "service",
            self.cluster.url(ROLE, password, "atm"),
            self.cluster.url("postgres", self.cluster.password, "atm"),
        )
        self._closing.callback(service.close)
        service.environment |= variables
        service.command("schema")
        with self.connect() as connection:
            connection.execute(f"ALTER ROLE {ROLE} LOGIN PASSWORD '{password}'")
        service.set_up()
        return service

    def _serves(self) -> bool:
        for port in self.cluster.copies:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
            except OSError:
                return False
        return True


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
