"""From the bundled network to the published one and back, with both networks and photographs."""

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from atm.folder import Kind
from atm.login.decision import Outcome
from atm.machine import Machine
from atm.opening import open_machine
from atm.people import Application
from atm.settings import Settings

pytestmark = pytest.mark.faces

ROOT = Path(__file__).parents[3]
PINS = {"ada": "4071", "bob": "5082", "cleo": "6093"}
STAFF = "ruiz\n482913\nokafor\n739164\n"


class Kiosk:
    """A data folder with three customers, whose commands run as processes of their own."""

    def __init__(self, folder: Path, people: list[tuple[str, list[Path]]]) -> None:
        self.settings = Settings(
            data_dir=folder / "data", key_dir=folder / "keys", kind=Kind.TEST,
            camera=str(folder / "ada"), liveness="off", login_limit_s=120,
        )  # fmt: skip
        self.faces = {name: folder / name for name in PINS}
        for place, (_, photographs) in zip(self.faces.values(), people, strict=True):
            place.mkdir()
            for file in photographs[:5]:
                shutil.copy(file, place)

    def enrol(self, network: str) -> None:
        """Make the folder with *network*, two members of staff and the customers."""
        machine = open_machine(replace(self.settings, network=network))
        ruiz = machine.first_staff("ruiz", "482913")
        machine.office.add_staff("okafor", "739164", signed=ruiz)
        for name, pin in PINS.items():
            machine.use_camera(str(self.faces[name]))
            at = datetime.now(UTC)
            machine.enrol(Application(name, name, 0, pin, at), staff=ruiz)
        machine.close()

    def start(self, network: str) -> subprocess.Popen[str]:
        """Start a change to *network*."""
        process = subprocess.Popen(
            [sys.executable, "-m", "atm", "rebuild", network, "--data", self.settings.data_dir],
            cwd=ROOT, env={**os.environ, "ATM_KEY_DIR": str(self.settings.key_dir)}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert process.stdin is not None
        process.stdin.write(STAFF)
        process.stdin.close()
        process.stdin = None
        return process

    def everybody_logs_in(self, network: str) -> None:
        """Check that *network* is in effect, and admits each with the own face alone."""
        machine = open_machine(self.settings)
        try:
            assert machine.health().network == network and machine.health().approved
            assert machine.warm_up().network.name == network
            for name in PINS:
                assert login(machine, name, self.faces[name]) is Outcome.GRANTED
            assert login(machine, "ada", self.faces["bob"]) is Outcome.REFUSED
            machine.office.unlock("ada", staff=machine.staff.sign_in("ruiz", "482913"))
        finally:
            machine.close()


def login(machine: Machine, name: str, face: Path) -> Outcome:
    machine.use_camera(str(face))
    decision = machine.login(name, PINS[name])
    if decision.session is not None:
        decision.session.close()
    return decision.outcome


@pytest.mark.usefixtures("published_network")
def test_there_and_back_with_a_kill_on_the_way(
    tmp_path: Path, enrolling_people: list[tuple[str, list[Path]]]
) -> None:
    kiosk = Kiosk(tmp_path, enrolling_people[:3])
    kiosk.enrol("bundled")
    kiosk.everybody_logs_in("bundled")
    killed = kiosk.start("vggface2")
    assert killed.stderr is not None
    said = ""
    while "2 of 3" not in said:
        letter = killed.stderr.read(1)
        assert letter, said
        said += letter
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert list(kiosk.settings.data_dir.rglob("*.staged"))
    kiosk.everybody_logs_in("bundled")
    assert not list(kiosk.settings.data_dir.rglob("*.staged"))
    for network in ("vggface2", "bundled"):
        process = kiosk.start(network)
        told, progress = process.communicate()
        assert process.returncode == 0, progress
        assert told.endswith(f"the face network is {network}; templates made again: 3\n")
        assert progress.endswith("templates: 3 of 3\n")
        kiosk.everybody_logs_in(network)
