"""Temporary PostgreSQL server for tests and benchmarks."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from atm.fleet.service.store.migrate import ROLE, migrate
from benchmarks.port import Port

OWNER = "owner"
PASSWORD = "not secret: the cluster lives for one run"
_START_S = 120.0
"""How long a start or an end may take on a busy machine."""


class PostgresServer:
    """A running PostgreSQL server on a loopback port."""

    def __init__(self, folder: Path, **settings: str | int) -> None:
        """Create a database cluster in *folder*, which is used for nothing else, and start it.

        *settings* of the server override those that only make tests quicker.
        """
        self._folder = folder
        self._settings = settings
        self._binaries = _binaries()
        self._user = _user()
        os.chown(folder, self._user.pw_uid, self._user.pw_gid)
        self._port = Port()
        self.port = self._port.number
        password = folder / "password"
        password.write_text(PASSWORD)
        os.chown(password, self._user.pw_uid, self._user.pw_gid)
        self._run(
            "initdb", "-D", str(folder / "data"), "-U", OWNER, "--auth=scram-sha-256",
            f"--pwfile={password}", "--encoding=UTF8", "--no-locale", "--no-sync",
        )  # fmt: skip
        self._server: subprocess.Popen[bytes] | None = None
        self.start()

    def url(self, user: str = ROLE, database: str = "atm", *, port: int | None = None) -> str:
        """Return the address of *database* as SQLAlchemy takes it."""
        secret = PASSWORD.replace(" ", "%20").replace(":", "%3A")
        return f"postgresql+psycopg://{user}:{secret}@127.0.0.1:{port or self.port}/{database}"

    def connect(self, user: str = OWNER, database: str = "atm") -> psycopg.Connection:
        """Return a plain connection that commits each statement."""
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user=user, dbname=database, password=PASSWORD,
            autocommit=True,
        )  # fmt: skip

    def start(self) -> None:
        """Start the server and wait until it answers."""
        settings = {
            "port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "",
            "fsync": "off", "max_connections": 60, "autovacuum": "off",
        } | self._settings  # fmt: skip
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [self._binaries / "postgres", "-D", self._folder / "data", *options],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd="/",
                user=self._user.pw_uid, group=self._user.pw_gid, extra_groups=[],
            )  # fmt: skip
        latest = time.monotonic() + _START_S
        while True:
            try:
                self.connect(database="postgres").close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > latest or self._server.poll() is not None:
                    raise
                time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server: SIGINT cuts all connections; SIGKILL is a crash."""
        if self._server is not None:
            backends = self._processes()
            self._server.send_signal(how)
            if how is signal.SIGKILL:  # its children notice it later
                for process in backends:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(process, how)
            self._server.wait(_START_S)
            self._server = None

    def revive(self) -> None:
        """Start the server if it has ended by itself, as a supervisor would."""
        if self._server is not None and self._server.poll() is not None:
            self.start()

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Halt all processes of the server inside the block; its connections stay open."""
        assert self._server is not None
        stopped = [self._server.pid, *self._processes()]
        for process in stopped:
            os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in stopped:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGCONT)

    def _processes(self) -> list[int]:
        assert self._server is not None
        pid = self._server.pid
        return [
            int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        ]

    def _run(self, name: str, *arguments: str) -> None:
        subprocess.run(
            [self._binaries / name, *arguments], check=True, capture_output=True, cwd="/",
            user=self._user.pw_uid, group=self._user.pw_gid, extra_groups=[],
        )  # fmt: skip


@contextlib.contextmanager
def running_server(disk: Path | None = None, **settings: str | int) -> Iterator[PostgresServer]:
    """Run a server with the database ``atm``, migrated; the role `ROLE` may log in to it.

    Its files are on *disk*, by default with temporary files; *settings* are those of
    `PostgresServer`.
    """
    folder = Path(tempfile.mkdtemp(prefix="atm-postgres-", dir=disk))
    cluster = None
    try:
        cluster = PostgresServer(folder, **settings)
        with cluster.connect(database="postgres") as connection:
            connection.execute("CREATE DATABASE atm")
        migrate(cluster.url(OWNER))
        with cluster.connect() as connection:
            connection.execute(f"ALTER ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'")
        yield cluster
    finally:
        if cluster is not None:
            cluster.stop()
        shutil.rmtree(folder)


def _binaries() -> Path:
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    if found is None:
        raise RuntimeError("PostgreSQL is missing: apt-get install postgresql")
    return Path(found).resolve().parent


def _user() -> pwd.struct_passwd:
    """Return the user that the server runs as: this one, or one without rights instead of root."""
    if os.getuid() != 0:
        return pwd.getpwuid(os.getuid())
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise RuntimeError("there is no user to run PostgreSQL as")
