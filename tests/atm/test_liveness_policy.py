"""The liveness policy: the check of each attempt, by setting and excused movements."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from atm.liveness_policy import ExcuseError, LivenessPolicy, excuses
from atm.login.decision import Outcome
from atm.people import Application, SecondSignatureError, Signatures, StaffMember
from atm.settings import Settings
from face_auth.types import FaceResult, LivenessResult

ROOT = Path(__file__).parents[2]
STAFF = ("ruiz", "482913")
RUIZ = StaffMember("ruiz")
BOTH = Signatures(RUIZ, StaffMember("okafor"))


@pytest.fixture
def ada(bank, face):
    application = Application("ada", "Ada Lovelace", 50_000, "4071", datetime.now(UTC))
    customer = bank.enrolment().enrol(application, RUIZ, lambda customer, stop: face(customer))
    return bank.store.by_id(customer.customer_id)


def test_nothing_is_asked_where_the_setting_is_off() -> None:
    policy = LivenessPolicy(Settings(liveness="off"))
    assert policy.check(()) is None
    assert policy.load() is False


def test_a_challenge_asks_for_three_movements_and_an_enrolment_for_four_poses() -> None:
    policy = LivenessPolicy(Settings(liveness="challenge"))
    assert len(policy.check(()).challenge.movements) == 3
    assert len(set(policy.check((), enrols=True).challenge.movements)) == 4
    assert LivenessPolicy(Settings(liveness="passive")).check(()).challenge is None


def test_an_excused_customer_is_never_asked_for_what_they_cannot_do(bank, ada) -> None:
    bank.office().excuse("ada", ["look_up", "look_down", "come_closer"], signed=BOTH)
    record = bank.store.get("ada")
    policy = LivenessPolicy(Settings(liveness="challenge"))
    asked = {
        movement.value
        for _ in range(50)
        for movement in policy.check(excuses(record.excused)).challenge.movements
    }
    assert asked == {"turn_left", "turn_right"}
    entry = bank.audit.tail(1, "excuse")[0]
    assert entry["staff"] == BOTH.names
    assert entry["record"] == bank.store.record_mac(ada.customer_id)
    bank.office().excuse("ada", [], signed=BOTH)
    assert bank.store.get("ada") == replace(record, excused=None)


def test_a_customer_can_be_excused_before_there_is_a_record(bank, face) -> None:
    excused = ("look_down", "look_up")
    application = Application("ada", "Ada Lovelace", 0, "4071", datetime.now(UTC), excused)
    policy = LivenessPolicy(Settings(liveness="challenge"))
    asked = policy.check(excused, enrols=True).challenge.movements
    assert {movement.value for movement in asked} == {"turn_left", "turn_right"}
    with pytest.raises(SecondSignatureError):
        bank.enrolment().enrol(application, RUIZ, lambda customer, stop: face(customer))
    bank.enrolment().enrol(application, BOTH, lambda customer, stop: face(customer))
    assert bank.store.get("ada").excused == "look_up,look_down"
    begun, done = bank.audit.tail(2, "enrolment")
    assert begun["excused"] == done["excused"] == ["look_up", "look_down"]
    assert begun["staff"] == done["staff"] == ["ruiz", "okafor"]


@pytest.mark.parametrize("excused", [("look_up", "look_down", "turn_left", "turn_right"), ("hop",)])
def test_an_enrolment_that_excuses_too_much_begins_nothing(bank, face, excused) -> None:
    application = Application("ada", "Ada Lovelace", 0, "4071", datetime.now(UTC), excused)
    called = []

    def capture(customer, stop):
        called.append(customer)
        return face(customer)

    with pytest.raises(ExcuseError):
        bank.enrolment().enrol(application, BOTH, capture)
    assert called == []
    assert bank.store.get("ada") is None


@pytest.mark.parametrize(
    "requests", [["look_up", "look_down", "turn_left", "turn_right"], ["stand on one leg"]]
)
def test_two_requests_must_remain_and_others_are_not_known(bank, ada, requests) -> None:
    with pytest.raises(ExcuseError):
        bank.office().excuse("ada", requests, signed=BOTH)
    assert bank.store.get("ada").excused is None


def test_a_suspected_attack_is_refused_like_any_other_and_stands_in_the_log(bank, ada) -> None:
    suspected = LivenessResult(False, -3.5, ("moire",))

    def check_face(record, pressed, deadline):
        return FaceResult(record.customer_id, False, 1.0, 0.5, 3, liveness=suspected)

    decision = bank.logins().login("ada", "4071", check_face)
    assert decision.outcome is Outcome.REFUSED
    assert decision.reasons[1] == "face: attack_suspected"
    entry = bank.audit.tail(1, "presentation attack suspected")[0]
    assert (entry["customer"], entry["reasons"]) == (ada.customer_id, ["moire"])


def test_a_face_that_no_liveness_check_passed_is_never_accepted_by_a_login(bank, ada) -> None:
    suspected = LivenessResult(False, -3.5, ("moire",))

    def check_face(record, pressed, deadline):
        return FaceResult(record.customer_id, True, 9.0, 0.5, 3, liveness=suspected)

    assert bank.logins().login("ada", "4071", check_face).outcome is not Outcome.GRANTED


def run(folder: Path, *arguments: object, lines: tuple[str, ...] = (), **env: str):
    return subprocess.run(
        [sys.executable, "-m", "atm", *map(str, arguments), "--data", str(folder / "data")],
        input="".join(line + "\n" for line in lines),
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "ATM_KEY_DIR": str(folder / "keys"), **env},
        timeout=600,
    )


def test_a_live_folder_takes_weaker_liveness_only_from_two(tmp_path) -> None:
    plain = {"ATM_NETWORK": "bundled"}  # which has no terms to confirm
    assert run(tmp_path, "init", lines=STAFF, **plain).returncode == 0
    added = run(tmp_path, "staff", "add", "okafor", lines=(*STAFF, "739164"), **plain)
    assert added.returncode == 0
    weaker = plain | {"ATM_LIVENESS": "passive"}
    done = run(tmp_path, "list", lines=STAFF, **weaker)
    assert (done.returncode, "liveness" in done.stderr) == (2, True)
    assert run(tmp_path, "approve", lines=(*STAFF, *STAFF), **weaker).returncode == 2
    assert run(tmp_path, "approve", lines=(*STAFF, "okafor", "739164"), **weaker).returncode == 0
    assert run(tmp_path, "list", lines=STAFF, **weaker).returncode == 0


@pytest.mark.faces
def test_the_man_of_a_real_clip_is_admitted_and_his_replay_on_a_monitor_is_not(
    shared, tmp_path
) -> None:
    network = shared / "weights" / "minifas" / "minifas_v2se_128.onnx"
    passive = {"ATM_LIVENESS": "passive", "ATM_MINIFAS": str(network)}
    clips = shared / "video"
    real, replay = clips / "selfie_real.mp4", clips / "selfie_replayed_on_monitor.mp4"
    assert run(tmp_path, "init", "--kind", "test", lines=STAFF).returncode == 0
    made = run(tmp_path, "enrol", "man", "--camera", real, lines=(*STAFF, "4071"), **passive)
    assert made.returncode == 0, made.stderr
    refused = run(tmp_path, "login", "man", "--camera", replay, lines=("4071",), **passive)
    assert (refused.returncode, refused.stdout) == (1, "refused\n")
    assert run(tmp_path, "unlock", "man", lines=STAFF).returncode == 0
    admitted = run(tmp_path, "login", "man", "--camera", real, lines=("4071",), **passive)
    assert (admitted.returncode, admitted.stdout) == (0, "granted\n"), admitted.stderr
