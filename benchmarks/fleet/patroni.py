"""PostgreSQL cluster under Patroni with etcd: three servers on virtual hosts, behind HAProxy.

Patroni uses etcd's older interface: with the newer one Debian's Patroni 3.0.2 overwrites the
leader's key (fixed by pull request 2689 of patroni/patroni). In the trial a primary that was halted
and continued took the lead back, and commits that were acknowledged meanwhile were lost.

It uses Debian's packages, a temporary folder and synchronous replication, as a bank would.
"""

import contextlib
import json
import os
import pwd
import secrets
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from benchmarks.fleet.hosts import OUTSIDE, Hosts
from benchmarks.port import Port

USER: Final = "postgres"
_SQL, _REST, _ETCD, _PEER = 5432, 8008, 2379, 2380
_START_S: Final = 90.0


class ClusterError(Exception):
    """The cluster did not start, or did not recover."""


class PatroniCluster:
    """A PostgreSQL cluster in one folder, on existing hosts; HAProxy runs on the machine itself.

    Attributes:
        port: Loopback port of the primary.
        service_port: Loopback port of any copy of the service.
        copies: Ports at which the copies of the service must listen.
    """

    def __init__(self, folder: Path, hosts: Hosts, *, copies: int) -> None:
        """Write the configuration files; nothing is started yet."""
        self.folder = folder
        self.hosts = hosts
        self._ports = [Port() for _ in range(2 + copies)]
        self.port, self.service_port, *self.copies = [each.number for each in self._ports]
        self.password = secrets.token_hex(16)
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._binaries = max(Path("/usr/lib/postgresql").glob("*/bin"))
        folder.chmod(0o755)
        for name in hosts.names:
            (folder / name).mkdir(mode=0o700)
            self._write(f"{name}/patroni.json", json.dumps(self._patroni(name)))
            for path in (folder / name, folder / name / "patroni.json"):
                _give(path)
        self._write("haproxy.cfg", self._haproxy())

    def start(self) -> None:
        """Start everything and wait until there are a primary and a synchronous standby.

        Raises:
            ClusterError: If that takes too long.
        """
        for name in self.hosts.names:
            self.start_etcd(name)
        for name in self.hosts.names:
            self.start_patroni(name)
        self._run("haproxy", ["haproxy", "-db", "-f", str(self.folder / "haproxy.cfg")])
        self.wait(self.whole, _START_S, "a primary and two standbys")

    def stop(self) -> None:
        """Stop everything."""
        for process in reversed(self._running.values()):
            _signal(process, signal.SIGTERM)
        for process in self._running.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(15)
            _signal(process, signal.SIGKILL)
        for name in self.hosts.names:
            self.kill_host(name)
        for port in self._ports:
            port.close()

    def start_etcd(self, name: str) -> None:
        """Start the etcd of host *name*."""
        here = self.hosts.address(name)
        peers = ",".join(f"{n}=http://{self.hosts.address(n)}:{_PEER}" for n in self.hosts.names)
        self._run(
            f"{name}-etcd",
            self._on(name, "etcd", "--name", name,
                     "--data-dir", str(self.folder / name / "etcd"),
                     "--listen-client-urls", f"http://{here}:{_ETCD}",
                     "--advertise-client-urls", f"http://{here}:{_ETCD}",
                     "--listen-peer-urls", f"http://{here}:{_PEER}",
                     "--initial-advertise-peer-urls", f"http://{here}:{_PEER}",
                     "--initial-cluster", peers, "--initial-cluster-state", "new",
                     "--enable-v2=true",
                     "--heartbeat-interval", "200", "--election-timeout", "2000",
                     "--log-level", "warn"),
        )  # fmt: skip

    def start_patroni(self, name: str) -> None:
        """Start Patroni, which starts PostgreSQL, on host *name*."""
        command = self._on(name, "patroni", str(self.folder / name / "patroni.json"))
        self._run(f"{name}-patroni", command)

    def primary(self) -> str | None:
        """Return the host whose Patroni reports the primary, None if none does."""
        for name in self.hosts.names:
            if self._answers(name, "primary"):
                return name
        return None

    def whole(self) -> bool:
        """Return whether there are a primary and a synchronous standby, and all hosts answer."""
        names = self.hosts.names
        return (
            self.primary() is not None
            and any(self._answers(name, "synchronous") for name in names)
            and sum(self._answers(name, "health") for name in names) == len(names)
        )

    def kill_postgres(self, name: str) -> None:
        """Kill the PostgreSQL server of host *name* with SIGKILL; its Patroni keeps running."""
        pid = int((self.folder / name / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)

    def stop_postgres(self, name: str) -> None:
        """Halt every process of PostgreSQL and Patroni on host *name* (SIGSTOP)."""
        for pid in self._database_processes(name):
            os.kill(pid, signal.SIGSTOP)

    def go_on(self, name: str) -> None:
        """Continue the halted processes of host *name* (SIGCONT)."""
        for pid in self._database_processes(name):
            os.kill(pid, signal.SIGCONT)

    def kill_host(self, name: str) -> None:
        """Kill all processes on host *name*."""
        for pid in _processes_of(name):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def wait(self, what: Callable[[], bool], limit_s: float, said: str) -> float:
        """Wait until *what* is true; returns the seconds it took.

        Raises:
            ClusterError: If that takes longer than *limit_s*.
        """
        begun = time.monotonic()
        while not what():
            if time.monotonic() - begun > limit_s:
                raise ClusterError(f"Waited {limit_s:.0f} s in vain for {said}; see {self.folder}.")
            time.sleep(0.2)
        return time.monotonic() - begun

    def _patroni(self, name: str) -> dict[str, Any]:
        here = self.hosts.address(name)
        return {
            "scope": "atm",
            "name": name,
            "restapi": {"listen": f"{here}:{_REST}", "connect_address": f"{here}:{_REST}"},
            "etcd": {"hosts": [f"{self.hosts.address(n)}:{_ETCD}" for n in self.hosts.names]},
            "bootstrap": {
                "dcs": {
                    "ttl": 20,
                    "loop_wait": 2,
                    "retry_timeout": 5,
                    "primary_start_timeout": 0,
                    "maximum_lag_on_failover": 1 << 20,
                    "synchronous_mode": True,
                    "synchronous_mode_strict": True,
                    "postgresql": {
                        "use_pg_rewind": True,
                        "parameters": {
                            "synchronous_commit": "on",
                            "wal_log_hints": "on",
                            "max_connections": 100,
                            "shared_buffers": "64MB",
                            "wal_keep_size": "256MB",
                        },
                    },
                },
                "initdb": [{"encoding": "UTF8"}, {"locale": "C.UTF-8"}, "data-checksums"],
            },
            "postgresql": {
                "listen": f"{here}:{_SQL}",
                "connect_address": f"{here}:{_SQL}",
                "data_dir": str(self.folder / name / "data"),
                "bin_dir": str(self._binaries),
                "parameters": {"unix_socket_directories": str(self.folder / name)},
                "pgpass": str(self.folder / name / "pgpass"),
                "authentication": {
                    who: {"username": f"atm_{who}" if who != "superuser" else USER,
                          "password": self.password}
                    for who in ("superuser", "replication", "rewind")
                },
                "pg_hba": [
                    "local all all trust",
                    f"host replication all {OUTSIDE}/24 scram-sha-256",
                    f"host all all {OUTSIDE}/24 scram-sha-256",
                ],
            },
        }  # fmt: skip

    def _haproxy(self) -> str:
        servers = "\n".join(
            f"  server {name} {self.hosts.address(name)}:{_SQL} check port {_REST}"
            for name in self.hosts.names
        )
        copies = "\n".join(
            f"  server copy{number} 127.0.0.1:{port} check"
            for number, port in enumerate(self.copies, start=1)
        )
        return f"""\
global
  maxconn 500
defaults
  mode tcp
  timeout connect 2s
  timeout client 1h
  timeout server 1h
  timeout check 2s
listen primary
  bind 127.0.0.1:{self.port}
  option httpchk OPTIONS /primary
  http-check expect status 200
  default-server inter 1s fall 2 rise 1 on-marked-down shutdown-sessions
{servers}
listen service
  bind 127.0.0.1:{self.service_port}
  default-server inter 1s fall 2 rise 1 on-marked-down shutdown-sessions
{copies}
"""

    def url(self, user: str, password: str, database: str) -> str:
        """Return the address of *database* as SQLAlchemy takes it."""
        return f"postgresql+psycopg://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def _on(self, name: str, *words: str) -> list[str]:
        as_user = () if os.geteuid() else ("runuser", "-u", USER, "--")
        return self.hosts.command(name, *as_user, *words)

    def _run(self, what: str, command: list[str]) -> None:
        with (self.folder / f"{what}.log").open("ab") as log:
            self._running[what] = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )

    def _answers(self, name: str, path: str) -> bool:
        try:
            with urllib.request.urlopen(
                f"http://{self.hosts.address(name)}:{_REST}/{path}", timeout=2
            ) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _database_processes(self, name: str) -> list[int]:
        return [pid for pid in _processes_of(name) if _command(pid) != "etcd"]

    def _write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(text)


def _give(path: Path) -> None:
    user = pwd.getpwnam(USER)
    os.chown(path, user.pw_uid, user.pw_gid)


def _processes_of(name: str) -> list[int]:
    done = subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True)
    return [int(pid) for pid in done.stdout.split()]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
