"""Only the models and settings that staff approved run; anything else is named and refused."""

import json
import re
import shutil
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from atm import approval as approval_module
from atm.approval import Approvals
from atm.bound_settings import FREE_SETTINGS, bound_settings
from atm.errors import NotApprovedError
from atm.folder import DataFolder, Kind, open_folder
from atm.outside_memory import Memory
from atm.settings import Settings
from credentials.sealed.record_file import RecordFile
from credentials.sealed.seal import Seal
from face_auth.model_making.card_writing import digest
from face_auth.model_making.cohort import pack
from face_auth.models import LIVENESS_FILE

SEAL = Seal(b"s" * 32)
FILES = (
    "model_card.json", "mtcnn.card.json", "net.tflite", "cohort.npz", "pnet.tflite", "covering.npz",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _another_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let something outside the disk remember the log; `tests/atm/test_roll_back.py` has more."""
    monkeypatch.setattr("atm.approval.outside_memory", lambda settings, folder: Memory.DISK)


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A models folder whose files are never run here; its cards pass for the program's own."""
    monkeypatch.setattr("face_auth.models.is_shipped", lambda name, folder: True)
    folder = tmp_path / "models"
    folder.mkdir()
    rows = np.eye(20, 512, dtype=np.float32)
    contents = {
        "net.tflite": b"a network",
        "cohort.npz": pack(rows, digest(b"a network")),
        "pnet.tflite": b"a detector",
        "covering.npz": b"two classifiers",
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    card = {
        "file": "net.tflite",
        "sha256": digest(contents["net.tflite"]),
        "input": {"size": 112, "framing": "five_points"},
        "cohort": {"file": "cohort.npz", "sha256": digest(contents["cohort.npz"])},
        "thresholds": {"1e-4": 0.2},
        "provisional": False,
    }
    covering = {"files": {"covering.npz": digest(contents["covering.npz"])}}
    (folder / "model_card.json").write_text(json.dumps({"bundled": card, "covering": covering}))
    detector = {"files": {"pnet.tflite": digest(contents["pnet.tflite"])}}
    (folder / "mtcnn.card.json").write_text(json.dumps({"mtcnn": detector}))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return open_folder(tmp_path / "data")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", key_dir=tmp_path / "keys")


def test_what_was_approved_is_accepted_and_remembered(
    folder: DataFolder, models: Path, settings: Settings
) -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    made = Approvals(folder, SEAL).approve(settings, ["Ada", "Bob"], models=models, now=now)
    assert Approvals(folder, SEAL).check(settings, models=models) == made
    assert (made.by, made.at) == (("Ada", "Bob"), now)
    assert made.files.keys() == set(FILES)
    assert made.files["net.tflite"] == digest(b"a network")


def test_nothing_runs_before_it_was_approved(
    folder: DataFolder, models: Path, settings: Settings
) -> None:
    assert Approvals(folder, SEAL).last is None
    with pytest.raises(NotApprovedError, match="not approved models and settings yet"):
        Approvals(folder, SEAL).check(settings, models=models)


def test_a_live_folder_takes_a_network_with_terms_only_once_they_are_confirmed(
    folder: DataFolder, models: Path, settings: Settings
) -> None:
    add_terms(models)
    approvals = Approvals(folder, SEAL)
    assert approvals.terms(settings, models=models) == "For research only."
    for confirmed in ("", "yes", "For all purposes."):
        with pytest.raises(NotApprovedError, match="were not confirmed"):
            approvals.approve(settings, ["Ada"], models=models, confirmed=confirmed)
    assert approvals.last is None
    approvals.approve(settings, ["Ada"], models=models, confirmed="For research only.")
    assert approvals.check(settings, models=models).by == ("Ada",)


@pytest.mark.parametrize("kind", [Kind.DEMO, Kind.TEST])
def test_a_folder_that_serves_no_bank_asks_for_no_terms(
    tmp_path: Path, models: Path, settings: Settings, kind: Kind
) -> None:
    add_terms(models)
    approvals = Approvals(open_folder(tmp_path / "data", kind), SEAL)
    assert approvals.terms(settings, models=models) == ""
    approvals.approve(settings, ["Ada"], models=models)


def test_fetched_liveness_network_is_approved_and_neither_removed_nor_added_later(
    folder: DataFolder, models: Path, settings: Settings
) -> None:
    network = models / LIVENESS_FILE
    network.write_bytes(b"the published one")
    made = Approvals(folder, SEAL).approve(settings, ["Ada"], models=models)
    assert made.files[LIVENESS_FILE] == digest(b"the published one")
    network.write_bytes(b"another one")
    with pytest.raises(NotApprovedError, match=f"{LIVENESS_FILE} differs from what staff"):
        Approvals(folder, SEAL).check(settings, models=models)
    network.unlink()
    with pytest.raises(NotApprovedError, match=f"{LIVENESS_FILE} cannot be read"):
        Approvals(folder, SEAL).check(settings, models=models)
    Approvals(folder, SEAL).approve(settings, ["Ada"], models=models)
    network.write_bytes(b"the published one")
    with pytest.raises(NotApprovedError, match="differ from what staff approved"):
        Approvals(folder, SEAL).check(settings, models=models)


def test_a_card_of_its_own_cannot_bring_another_liveness_head_where_it_judges(
    folder: DataFolder, models: Path, settings: Settings
) -> None:
    own = models / "liveness_head.card.json"
    without = replace(settings, liveness_head=False)
    for used, approved in ((settings, True), (without, False)):
        Approvals(folder, SEAL).approve(used, ["Ada", "Bob"], models=models)
        own.write_text("{}")
        if approved:
            with pytest.raises(NotApprovedError, match="differ from what staff approved"):
                Approvals(folder, SEAL).check(used, models=models)
        else:
            Approvals(folder, SEAL).check(used, models=models)
        own.unlink()
    with pytest.raises(NotApprovedError, match="liveness_head differs"):
        Approvals(folder, SEAL).check(settings, models=models)


def test_approval_of_before_the_liveness_network_was_listed_still_holds(
    folder: DataFolder, models: Path, settings: Settings
) -> None:
    approvals = Approvals(folder, SEAL)
    approvals.approve(settings, ["Ada"], models=models)
    path = folder.path / "approval.json"
    (record,) = RecordFile(path, lambda records: records, SEAL).read()
    del record["files"]["covering.npz"]
    RecordFile(path, lambda records: records, SEAL).rewrite([record], 2)
    (models / LIVENESS_FILE).write_bytes(b"the published one")
    Approvals(folder, SEAL).check(settings, models=models)
    shutil.copy(models / "model_card.json", models / "bundled.card.json")
    with pytest.raises(NotApprovedError, match="differ from what staff approved"):
        Approvals(folder, SEAL).check(settings, models=models)


def add_terms(models: Path) -> None:
    card = json.loads((models / "model_card.json").read_text())
    card["bundled"]["terms"] = "For research only."
    (models / "model_card.json").write_text(json.dumps(card))


@pytest.mark.parametrize("name", FILES)
def test_any_changed_file_is_named_and_a_new_approval_helps(
    folder: DataFolder, models: Path, settings: Settings, name: str
) -> None:
    Approvals(folder, SEAL).approve(settings, ["Ada"], models=models)
    path = models / name
    whole = path.read_bytes()
    path.write_bytes(whole + b"\n")
    with pytest.raises(NotApprovedError, match=re.escape(f"{name} differs from what staff")):
        Approvals(folder, SEAL).check(settings, models=models)
    path.unlink()
    with pytest.raises(NotApprovedError, match=re.escape(f"{name} cannot be read")):
        Approvals(folder, SEAL).check(settings, models=models)
    path.write_bytes(whole)
    Approvals(folder, SEAL).check(settings, models=models)


def test_another_network_with_a_card_that_names_it_is_refused(
    folder: DataFolder, models: Path, settings: Settings
) -> None:
    Approvals(folder, SEAL).approve(settings, ["Ada"], models=models)
    (models / "own.tflite").write_bytes(b"mine")
    card = json.loads((models / "model_card.json").read_text())
    card["bundled"] |= {"file": "own.tflite", "sha256": digest(b"mine")}
    (models / "model_card.json").write_text(json.dumps(card))
    with pytest.raises(NotApprovedError, match=r"model_card\.json differs"):
        Approvals(folder, SEAL).check(settings, models=models)
    Approvals(folder, SEAL).approve(settings, ["Ada"], models=models)
    assert "own.tflite" in Approvals(folder, SEAL).check(settings, models=models).files


def test_a_card_that_was_not_there_is_refused(
    folder: DataFolder, models: Path, settings: Settings
) -> None:
    Approvals(folder, SEAL).approve(settings, ["Ada"], models=models)
    shutil.copy(models / "model_card.json", models / "bundled.card.json")
    with pytest.raises(NotApprovedError, match="differ from what staff approved"):
        Approvals(folder, SEAL).check(settings, models=models)


def test_first_approval_records_the_best_network_and_later_ones_keep_it(
    folder: DataFolder, models: Path, settings: Settings
) -> None:
    Approvals(folder, SEAL).approve(settings, ["Ada"], models=models)
    publish(models)
    approvals = Approvals(folder, SEAL)
    assert approvals.in_effect(settings, models=models).network == "bundled"
    assert approvals.approve(settings, ["Ada"], models=models).network == "bundled"
    later = Approvals(open_folder(folder.path.with_name("later")), SEAL)
    assert later.in_effect(settings, models=models).network == "vggface2"
    assert later.approve(settings, ["Ada"], models=models).network == "vggface2"
    (models / "published.tflite").unlink()
    assert later.in_effect(settings, models=models).network == "vggface2"
    with pytest.raises(NotApprovedError, match=r"published\.tflite cannot be read"):
        later.check(settings, models=models)


def test_approval_that_names_no_network_means_the_bundled_one(
    folder: DataFolder, models: Path, settings: Settings
) -> None:
    Approvals(folder, SEAL).approve(settings, ["Ada"], models=models)
    publish(models)
    path = folder.path / "approval.json"
    record = json.loads(path.read_text())["records"][0]
    del record["mac"], record["settings"]["network"]
    RecordFile(path, lambda records: records, SEAL).rewrite([record], 2)
    assert Approvals(folder, SEAL).in_effect(settings, models=models).network == "bundled"


@pytest.mark.parametrize("kind", Kind)
def test_another_network_than_the_recorded_one_is_refused_in_every_kind_of_folder(
    tmp_path: Path, models: Path, settings: Settings, kind: Kind
) -> None:
    approvals = Approvals(open_folder(tmp_path / kind, kind), SEAL)
    approvals.approve(settings, ["Ada"], models=models)
    publish(models)
    with pytest.raises(NotApprovedError, match=r"“vggface2”, but staff approved “bundled”"):
        approvals.check(replace(settings, network="vggface2"), models=models)
    altered = tmp_path / kind / "approval.json"
    altered.write_bytes(altered.read_bytes().replace(b'"bundled"', b'"vggface2"'))
    fresh = Approvals(open_folder(tmp_path / kind), SEAL)
    assert fresh.in_effect(settings, models=models).network == "bundled"
    with pytest.raises(NotApprovedError, match="altered"):
        fresh.check(settings, models=models)


def publish(models: Path) -> None:
    """Put the published network beside the bundled one."""
    network = b"a better network"
    (models / "published.tflite").write_bytes(network)
    cohort = pack(np.eye(20, 512, dtype=np.float32), digest(network))
    (models / "published.npz").write_bytes(cohort)
    card = json.loads((models / "model_card.json").read_text())["bundled"] | {
        "file": "published.tflite",
        "sha256": digest(network),
        "cohort": {"file": "published.npz", "sha256": digest(cohort)},
    }
    (models / "vggface2.card.json").write_text(json.dumps({"vggface2": card}))


OTHERS: dict[str, Any] = {
    "anchor_dir": Path("/elsewhere"),
    "tpm": "device:/dev/tpmrm0",
    "tpm_pcrs": "sha256:0,7",
    "store": "https://elsewhere",
    "store_ca": Path("/elsewhere"),
    "store_cert": Path("/elsewhere"),
    "store_key": Path("/elsewhere"),
    "network": "vggface2",
    "security": "1e-3",
    "liveness": "passive",
    "without_face": "attended",
    "card": "required",
    "minifas": Path("/elsewhere"),
    "liveness_head": False,
    "speech": "always",
    "speech_device": "plughw:CARD=Loudspeaker",
    "receipt_printer": "file:/dev/usb/lp0",
    "headphones": "Another jack",
    "dispenser": "xfs4iot+wss://192.0.2.7:5846/xfs4iot/v1.0",
    "dispenser_ca": Path("/dev/null"),
    "currency": "USD",
    "day_limit": 5000,
    "smallest_note": 5,
    "opening_limit": 5,
    "fullscreen": True,
    "keep_inactive_days": 90,
    "metrics": "127.0.0.1:9464",
    "idle_s": 3600.0,
    "more_time_s": 60.0,
    "login_limit_s": 60.0,
}


@pytest.mark.parametrize("name", [each.name for each in fields(Settings)])
def test_each_setting_is_bound_or_free_and_a_changed_one_is_named(
    folder: DataFolder, models: Path, settings: Settings, name: str, tmp_path: Path
) -> None:
    Approvals(folder, SEAL).approve(settings, ["Ada"], models=models)
    if name in FREE_SETTINGS:
        free = {
            "data_dir": tmp_path / "moved",
            "key_dir": tmp_path / "moved",
            "kind": Kind.LIVE,
            "camera": "1",
            "language": "es",
            "screen_width_mm": 300.0,
        }
        Approvals(folder, SEAL).check(replace(settings, **{name: free[name]}), models=models)
        return
    changed = replace(settings, **{name: OTHERS[name]})  # a new setting needs its line above
    if name == "network":  # its files are not there, which is told first
        assert bound_settings(changed) != bound_settings(settings)
        return
    with pytest.raises(NotApprovedError, match=f"The setting {name} differs"):
        Approvals(folder, SEAL).check(changed, models=models)


@pytest.mark.parametrize("kind", [Kind.TEST, Kind.DEMO])
def test_only_a_live_folder_binds_settings(
    models: Path, settings: Settings, tmp_path: Path, kind: Kind
) -> None:
    folder = open_folder(tmp_path / "other", kind)
    Approvals(folder, SEAL).approve(settings, ["Ada"], models=models)
    Approvals(folder, SEAL).check(replace(settings, liveness="off"), models=models)


def test_altered_approval_is_refused_and_a_new_one_takes_its_place(
    folder: DataFolder, models: Path, settings: Settings
) -> None:
    Approvals(folder, SEAL).approve(settings, ["Ada"], models=models)
    path = folder.path / "approval.json"
    path.write_text(path.read_text().replace('"day_limit": "1000"', '"day_limit": "9999"'))
    with pytest.raises(NotApprovedError, match="altered"):
        Approvals(folder, SEAL).check(replace(settings, day_limit=9999), models=models)
    with pytest.raises(NotApprovedError, match="altered"):
        Approvals(folder, Seal(b"x" * 32)).check(settings, models=models)
    with pytest.raises(NotApprovedError, match="two members of staff only: the last approval is"):
        Approvals(folder, SEAL).approve(settings, ["Ada"], models=models, after=1)
    Approvals(folder, SEAL).approve(settings, ["Ada", "Bob"], models=models, after=1)
    Approvals(folder, SEAL).check(settings, models=models)
    assert Approvals(folder, SEAL).generation == 2


def test_each_approval_is_one_generation_more(
    folder: DataFolder, models: Path, settings: Settings
) -> None:
    assert Approvals(folder, SEAL).generation == 0
    for number in (1, 2):
        Approvals(folder, SEAL).approve(settings, ["Ada"], models=models)
        assert Approvals(folder, SEAL).generation == number
    Approvals(folder, SEAL).approve(settings, ["Ada", "Bob"], models=models, after=10)
    assert Approvals(folder, SEAL).generation == 11


def test_nobody_approves_nothing(folder: DataFolder, models: Path, settings: Settings) -> None:
    with pytest.raises(ValueError, match="name"):
        Approvals(folder, SEAL).approve(settings, [], models=models)
    (models / "net.tflite").unlink()
    with pytest.raises(NotApprovedError, match=r"net\.tflite cannot be read"):
        Approvals(folder, SEAL).approve(settings, ["Ada"], models=models)
    assert Approvals(folder, SEAL).last is None


LOOSER: dict[str, Any] = {
    "liveness": "passive", "security": "1e-3", "day_limit": 1001, "opening_limit": 1,
    "idle_s": 61.0, "more_time_s": 21.0, "login_limit_s": 11.0,
}  # fmt: skip


@pytest.mark.parametrize("name", LOOSER)
def test_one_signature_makes_a_live_folder_no_looser_than_its_defaults(
    folder: DataFolder, models: Path, settings: Settings, name: str
) -> None:
    looser = replace(settings, **{name: LOOSER[name]})
    for names in (["Ada"], ["Ada", "Ada"]):
        with pytest.raises(NotApprovedError, match=f"two members of staff only: .*{name}"):
            Approvals(folder, SEAL).approve(looser, names, models=models)
    Approvals(folder, SEAL).approve(looser, ["Ada", "Bob"], models=models)
    Approvals(folder, SEAL).check(looser, models=models)


@pytest.mark.parametrize(
    "stricter",
    [{"security": "1e-5"}, {"security": "1e-4"}, {"day_limit": 1000}, {"opening_limit": 0}],
)
def test_one_signature_is_enough_for_the_defaults_and_stricter_settings(
    folder: DataFolder, models: Path, settings: Settings, stricter: dict[str, Any]
) -> None:
    Approvals(folder, SEAL).approve(replace(settings, **stricter), ["Ada"], models=models)


@pytest.mark.parametrize("gone", ["", "missing", "older"])
@pytest.mark.parametrize(
    "changed",
    [
        {"currency": "JPY"},
        {"anchor_dir": Path("/dev/shm/mine")},
        {"card": "optional"},
        {"dispenser_ca": Path("/dev/null")},
    ],
)
def test_two_change_what_amounts_are_worth_who_pays_them_and_where_the_log_is_remembered(
    folder: DataFolder, models: Path, settings: Settings, changed: dict[str, Any], gone: str
) -> None:
    """Without the last approval, or with an older one, nobody sees that it is a change."""
    other = replace(settings, **changed)
    path = folder.path / "approval.json"
    Approvals(folder, SEAL).approve(other, ["Ada", "Bob"], models=models)
    older = path.read_bytes()
    Approvals(folder, SEAL).approve(settings, ["Ada", "Bob"], models=models)
    if gone == "missing":
        path.unlink()
    elif gone == "older":
        path.write_bytes(older)
    with pytest.raises(NotApprovedError, match="two members of staff only"):
        Approvals(folder, SEAL).approve(other, ["Ada"], models=models, after=2)
    Approvals(folder, SEAL).approve(other, ["Ada", "Bob"], models=models, after=2)
    Approvals(folder, SEAL).approve(other, ["Ada"], models=models)


def test_the_content_of_the_service_s_authority_is_bound(
    folder: DataFolder, models: Path, settings: Settings, tmp_path: Path
) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_text("the bank's")
    of_bank = replace(settings, store="https://bank.example", store_ca=authority)
    Approvals(folder, SEAL).approve(of_bank, ["Ada"], models=models)
    Approvals(folder, SEAL).check(of_bank, models=models)
    authority.write_text("somebody's")
    with pytest.raises(NotApprovedError, match="content of store_ca differs"):
        Approvals(folder, SEAL).check(of_bank, models=models)
    authority.unlink()
    with pytest.raises(NotApprovedError, match="cannot be read"):
        Approvals(folder, SEAL).check(of_bank, models=models)


def test_the_content_of_the_dispenser_s_authority_is_bound(
    folder: DataFolder, models: Path, settings: Settings, tmp_path: Path
) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_text("the device's")
    by_device = replace(settings, dispenser_ca=authority)
    Approvals(folder, SEAL).approve(by_device, ["Ada"], models=models)
    Approvals(folder, SEAL).check(by_device, models=models)
    authority.write_text("somebody's")
    with pytest.raises(NotApprovedError, match="content of dispenser_ca differs"):
        Approvals(folder, SEAL).check(by_device, models=models)


def test_two_approve_a_device_that_pays_real_notes_each_time(
    folder: DataFolder, models: Path, settings: Settings
) -> None:
    """Otherwise one could exchange the content of its authority."""
    device = replace(settings, dispenser=OTHERS["dispenser"])
    for _time in range(2):
        with pytest.raises(NotApprovedError, match="pays real notes"):
            Approvals(folder, SEAL).approve(device, ["Ada"], models=models)
        Approvals(folder, SEAL).approve(device, ["Ada", "Bob"], models=models)
    with pytest.raises(NotApprovedError, match=f"dispenser was {re.escape(device.dispenser)}"):
        Approvals(folder, SEAL).approve(settings, ["Ada"], models=models)  # which pays nothing


def test_two_change_a_setting_that_is_newer_than_the_last_approval(
    folder: DataFolder, models: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def of_before(given: Settings) -> dict[str, str]:
        return {k: v for k, v in bound_settings(given).items() if not k.startswith("dispenser")}

    with monkeypatch.context() as before:
        before.setattr(approval_module, "bound_settings", of_before)
        Approvals(folder, SEAL).approve(settings, ["Ada"], models=models)
    Approvals(folder, SEAL).check(settings, models=models)
    device = replace(settings, dispenser=OTHERS["dispenser"])
    with pytest.raises(NotApprovedError, match="dispenser was simulated and is xfs4iot"):
        Approvals(folder, SEAL).approve(device, ["Ada"], models=models)
    Approvals(folder, SEAL).approve(device, ["Ada", "Bob"], models=models)


@pytest.mark.parametrize("kind", [Kind.LIVE, Kind.TEST])
def test_a_kiosk_s_service_is_never_exchanged(
    models: Path, settings: Settings, tmp_path: Path, kind: Kind
) -> None:
    folder = open_folder(tmp_path / "other", kind)
    of_bank = replace(settings, store="https://bank.example")
    Approvals(folder, SEAL).check_service(of_bank)
    Approvals(folder, SEAL).approve(of_bank, ["Ada"], models=models)
    Approvals(folder, SEAL).check_service(of_bank)
    for other in (settings, replace(settings, store="https://mallory.example")):
        with pytest.raises(NotApprovedError, match="make a new data folder"):
            Approvals(folder, SEAL).check_service(other)


@pytest.mark.parametrize("other", ["bundled", "mtcnn"])
def test_one_signature_does_not_approve_a_card_that_did_not_come_with_the_program(
    folder: DataFolder, models: Path, settings: Settings, other: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("face_auth.models.is_shipped", lambda name, folder: name != other)
    with pytest.raises(NotApprovedError, match=f"the model card of {other} is not the one"):
        Approvals(folder, SEAL).approve(settings, ["Ada"], models=models)
    Approvals(folder, SEAL).approve(settings, ["Ada", "Bob"], models=models)


def test_an_approval_of_before_a_setting_existed_means_its_default(
    folder: DataFolder, models: Path, settings: Settings
) -> None:
    Approvals(folder, SEAL).approve(settings, ["Ada"], models=models)
    path = folder.path / "approval.json"
    (record,) = RecordFile(path, lambda records: records, SEAL).read()
    del record["settings"]["opening_limit"]
    RecordFile(path, lambda records: records, SEAL).rewrite([record], 2)
    Approvals(folder, SEAL).check(settings, models=models)
    with pytest.raises(NotApprovedError, match="The setting opening_limit differs"):
        Approvals(folder, SEAL).check(replace(settings, opening_limit=9), models=models)


def test_a_live_folder_is_approved_and_checked_without_a_home(
    folder: DataFolder, models: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def homeless(setting: str, sort: str) -> Path:
        raise AssertionError(f"{setting} was looked for in the home")

    monkeypatch.setattr("atm.settings._at_home", homeless)
    Approvals(folder, SEAL).approve(settings, ["Ada"], models=models)
    Approvals(folder, SEAL).approve(settings, ["Ada"], models=models)  # compares with the last
    Approvals(folder, SEAL).check(settings, models=models)
