"""Test of a full database disk while a kiosk works; needs root, to mount a small disk."""

import contextlib
import errno
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from atm.accounts.session import HeldError, Session
from atm.errors import ServiceUnavailable
from atm.login.decision import Outcome
from atm.machine import Machine
from benchmarks.fleet.postgres import OWNER, PostgresServer, running_server
from tests.fleet.service.fleet import Fleet, enrol, folder_of, sign_in

pytestmark = pytest.mark.faces

PIN = "4071"
BALANCE = 100_000_000
NOTE = 1_000
MOST = 5_000
SOON_S = 30.0


@pytest.fixture
def disk() -> Iterator[Path]:
    """A disk of 200 MB, where the user that PostgreSQL runs as may go."""
    with tempfile.TemporaryDirectory(prefix="atm-disk-") as folder:
        options = "size=200m,mode=755"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True)
        yield Path(folder)
        subprocess.run(["umount", folder], check=True)


def fill(disk: Path) -> Path:
    """Fill *disk* to its last byte and return the file that does."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError as error:
                assert error.errno == errno.ENOSPC
    return ballast


def until_refused(act: Callable[[], object]) -> tuple[int, type[Exception]]:
    """Return how often *act* was done before the service refused it, and how."""
    for done in range(MOST):
        try:
            act()
        except (ServiceUnavailable, HeldError) as error:
            return done, type(error)
    raise AssertionError("a full disk refused nothing")


def admitted(machine: Machine) -> Session:
    """Log Ada in, or raise `ServiceUnavailable` where nobody decides."""
    decision = machine.login("ada", PIN)
    if decision.outcome is Outcome.FAULT:
        raise ServiceUnavailable
    assert decision.outcome is Outcome.GRANTED and decision.session is not None
    return decision.session


def soon(act: Callable[[], object], cluster: PostgresServer) -> None:
    """Do *act* as soon as the service does it; a server that crashed is started, as by Patroni."""
    latest = time.monotonic() + SOON_S
    while True:
        cluster.revive()
        try:
            act()
            return
        except ServiceUnavailable:
            assert time.monotonic() < latest, "the service stays away"
            time.sleep(0.2)


def test_a_full_disk_refuses_and_loses_nothing(
    disk: Path, tmp_path: Path, enrolling_people: list[tuple[str, list[Path]]]
) -> None:
    _, files = enrolling_people[0]
    with running_server(disk) as cluster, contextlib.ExitStack() as closing:
        fleet = Fleet(tmp_path / "fleet", cluster.url(), cluster.url(OWNER))
        closing.callback(fleet.close)
        fleet.set_up()
        fleet.start()
        kiosk = fleet.kiosk("hall", folder_of(files[:5], tmp_path / "enrol"), day_limit=10**6)
        enrol(kiosk, "ada", PIN, balance_minor=BALANCE)
        kiosk.use_camera(str(folder_of(files[5:], tmp_path / "login")))
        session = admitted(kiosk)

        ballast = fill(disk)
        paid, refusal = until_refused(lambda: session.withdraw(NOTE))
        logins, _ = until_refused(lambda: admitted(kiosk))
        assert kiosk.login("ada", "9182").outcome is not Outcome.GRANTED
        print(f"\n{paid} paid, then {refusal.__name__}; {logins} logins, then refused")
        ballast.unlink()

        soon(lambda: kiosk.office.unlock("ada", staff=sign_in(kiosk)), cluster)
        soon(lambda: admitted(kiosk), cluster)
        taken = paid + (refusal is HeldError)
        assert session.balance() == BALANCE - taken * NOTE
