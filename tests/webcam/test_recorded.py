"""An enrolment and logins on the host, with frames that a webcam's driver delivered."""

import os
import shutil
from pathlib import Path

import pytest

from tests.atm.commands.test_command_line import STAFF, Atm

PIN = "407183526914"
pytestmark = pytest.mark.faces


def test_frames_of_a_webcam_enrol_a_customer_and_admit_nobody_else(tmp_path: Path) -> None:
    recorded = Path(os.environ["WEBCAM_FRAMES"])
    if not (recorded / "0").is_dir():
        pytest.skip("no faces were recorded: ATM_SHARED names no folder of real photographs")
    enrol, login = tmp_path / "enrol", tmp_path / "login"
    shutil.copytree(recorded / "0", enrol)
    login.mkdir()
    (enrol / "5.png").rename(login / "5.png")
    atm = Atm(tmp_path)
    assert atm("init", "--kind", "test", lines=STAFF).returncode == 0
    made = atm("enrol", "ada", "--camera", enrol, "--balance", "50", lines=(*STAFF, PIN))
    assert (made.returncode, made.stderr) == (0, "")
    answers = [
        atm("login", "ada", "--camera", camera, lines=(PIN,)).stdout.strip()
        for camera in (login, recorded / "1")
    ]
    assert answers == ["granted", "refused"]
