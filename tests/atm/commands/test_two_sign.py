"""What one member of staff alone cannot do, and what a live folder needs on its first day."""

import json
import shutil
from pathlib import Path

import pytest

import face_auth.models
from tests.atm.commands.branch import OKAFOR, RUIZ, WORDS, Branch, branch

__all__ = ["branch"]

BOTH = (*RUIZ, *OKAFOR)


@pytest.mark.parametrize(
    ("variable", "value"),
    [("SECURITY", "1e-3"), ("DAY_LIMIT", "1001"), ("OPENING_LIMIT", "1"), ("LIVENESS", "passive")],
)
def test_two_approve_what_makes_a_live_folder_looser(
    branch: Branch, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    branch.born("live")
    monkeypatch.setenv(f"ATM_{variable}", value)
    assert branch.atm("approve", lines=RUIZ) == 2
    assert branch.atm("approve", lines=(*RUIZ, *RUIZ)) == 2
    assert branch.atm("list", lines=RUIZ) == 2
    assert branch.atm("approve", lines=BOTH) == 0, branch.err
    assert value in branch.out
    assert branch.atm("list", lines=RUIZ) == 0, branch.err
    assert branch.entries("approval")[-1]["staff"] == ["ruiz", "okafor"]


def test_two_approve_the_thresholds_of_a_card_of_ones_own(
    branch: Branch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    models = tmp_path / "models"
    shutil.copytree(face_auth.models.MODELS, models)
    monkeypatch.setattr(face_auth.models, "MODELS", models)
    branch.born("live")
    card = json.loads((models / "model_card.json").read_text("utf-8"))
    card["bundled"]["thresholds"] = {"1e-4": -50}
    (models / "bundled.card.json").write_text(json.dumps({"bundled": card["bundled"]}))
    assert branch.atm("approve", lines=RUIZ) == 2
    assert branch.atm("approve", lines=BOTH) == 0, branch.err
    assert "the model card of bundled is not the one of this program" in branch.out


ENROL = ("enrol", "maria", "--camera", "demo", "--liveness", "off")


@pytest.mark.parametrize("more", [("--balance", "101"), ("--excuse", "look_up")])
def test_one_alone_enrols_nobody_with_an_excuse_or_a_balance_above_the_limit(
    branch: Branch, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...]
) -> None:
    branch.born("test")
    monkeypatch.setenv("ATM_OPENING_LIMIT", "100")
    assert branch.atm(*ENROL, *more, lines=(*RUIZ, *RUIZ, "407163")) == 2
    assert "second member" in branch.err
    assert branch.atm(*ENROL, *more, lines=(*RUIZ, "okafor", "000000", "407163")) == 1
    assert branch.atm("list", lines=RUIZ) == 0
    assert branch.out == "none\n"


def test_one_alone_excuses_nobody(branch: Branch) -> None:
    branch.born("test")
    plain = branch.elsewhere / "names.json"
    plain.write_text('{"ada": "1"}')
    assert branch.atm("import-plain", plain, lines=(*RUIZ, "no")) == 0, branch.err
    assert branch.atm("excuse", "ada", "look_up", lines=RUIZ) == 2
    assert branch.atm("excuse", "ada", "look_up", lines=(*RUIZ, *RUIZ)) == 2
    assert branch.entries("excuse") == []
    assert branch.atm("excuse", "ada", "look_up", lines=BOTH) == 0, branch.err
    assert branch.entries("excuse")[-1]["staff"] == ["ruiz", "okafor"]


def test_a_live_folder_enrols_nobody_before_camera_auditor_and_backup(branch: Branch) -> None:
    branch.born("live")
    camera = "https://127.0.0.1:9/stream"

    def missing() -> str:
        assert branch.atm("enrol", "maria", "--camera", camera, lines=(*RUIZ, "12")) == 2
        return branch.err

    for act, file, lines in (
        (branch.atm, ("register-camera", "--camera", camera), RUIZ),
        (branch.audit, ("init", "--verifier", branch.elsewhere / "verifier"), RUIZ),
        (branch.atm, ("keys", "backup", "--file", branch.elsewhere / "copy"), (*BOTH, WORDS)),
    ):
        said = missing()
        assert said.startswith("Before the first customer: ")
        assert file[0] in said
        assert act(*file, lines=lines) == 0, branch.err
        assert file[0] not in missing()
    assert "PIN" in missing()  # 12 is too short


@pytest.mark.parametrize("answer", ["shred", "no", None])
def test_the_file_of_plain_pins_is_named_and_shredded_on_a_word(
    branch: Branch, answer: str | None
) -> None:
    branch.born("test")
    plain, twin = branch.elsewhere / "names.json", branch.elsewhere / "twin"
    plain.write_text('{"ada": "4071"}')
    twin.hardlink_to(plain)  # shows whether the content itself was overwritten
    lines = RUIZ if answer is None else (*RUIZ, answer)
    assert branch.atm("import-plain", plain, lines=lines) == 0, branch.err
    assert "still holds everybody's PIN as plain text" in branch.out
    assert plain.exists() is (answer != "shred")
    assert (b"4071" in twin.read_bytes()) is (answer != "shred")
    assert twin.stat().st_size == len('{"ada": "4071"}')


def test_a_link_is_not_shredded(branch: Branch) -> None:
    branch.born("test")
    plain, link = branch.elsewhere / "names.json", branch.elsewhere / "link"
    plain.write_text('{"ada": "4071"}')
    link.symlink_to(plain)
    assert branch.atm("import-plain", link, lines=(*RUIZ, "shred")) == 2
    assert "4071" in plain.read_text()
