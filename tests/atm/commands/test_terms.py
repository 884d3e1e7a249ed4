"""Staff of a bank confirm the network's terms before anything is approved; others need not."""

import io
import json
import shutil
from pathlib import Path

import pytest

import face_auth.models
from atm.__main__ import main
from atm.approval import Approvals
from atm.folder import open_existing
from atm.keys.keys import Keys
from atm.outside_memory import Memory

STAFF = ("ruiz", "482913")
TERMS = "For research only."


@pytest.fixture(autouse=True)
def _another_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let something outside the disk remember the log; `tests/atm/test_roll_back.py` has more."""
    monkeypatch.setattr("atm.approval.outside_memory", lambda settings, folder: Memory.DISK)


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The program's models, whose bundled network has no terms yet."""
    folder = tmp_path / "models"
    shutil.copytree(face_auth.models.MODELS, folder)
    (folder / "vggface2.tflite").unlink(missing_ok=True)  # which has terms of its own
    monkeypatch.setattr(face_auth.models, "MODELS", folder)
    return folder


def add_terms(models: Path) -> None:
    path = models / "model_card.json"
    card = json.loads(path.read_text("utf-8"))
    card["bundled"]["terms"] = TERMS
    path.write_text(json.dumps(card))


class Atm:
    """The commands on one data folder, in this process."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self.data, self.keys = folder / "data", folder / "keys"
        monkeypatch.setenv("ATM_KEY_DIR", str(self.keys))

    def __call__(self, *arguments: str, lines: tuple[str, ...]) -> int:
        typed = "".join(line + "\n" for line in lines)
        self._monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        return main([*arguments, "--data", str(self.data)])

    @property
    def approved(self) -> int:
        """How many approvals there were."""
        folder = open_existing(self.data)
        return Approvals(folder, Keys.open(self.keys, folder).seal).generation


@pytest.fixture
def atm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_sync: None) -> Atm:
    return Atm(tmp_path, monkeypatch)


@pytest.mark.parametrize("answer", ["no", "", "ye", TERMS])
def test_without_a_yes_a_live_folder_approves_nothing(
    atm: Atm, models: Path, answer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert atm("init", "--kind", "live", lines=STAFF) == 0
    add_terms(models)
    before = atm.approved
    capsys.readouterr()
    assert atm("approve", lines=(*STAFF, answer)) == 1
    assert capsys.readouterr().out.splitlines() == [TERMS, "Nothing was approved."]
    assert atm("approve", lines=STAFF) == 2
    assert "Standard input ended" in capsys.readouterr().err
    assert atm.approved == before
    assert atm("approve", lines=(*STAFF, "yes")) == 0
    assert atm.approved == before + 1


def test_without_a_yes_a_live_folder_gets_no_first_member_of_staff(
    atm: Atm, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_terms(models)
    assert atm("init", "--kind", "live", lines=(*STAFF, "no")) == 1
    assert TERMS in capsys.readouterr().out
    assert atm.approved == 0
    assert atm("init", "--kind", "live", lines=(*STAFF, "Yes")) == 0
    assert atm.approved == 1


@pytest.mark.parametrize("kind", ["test", "demo"])
def test_a_folder_that_serves_no_bank_shows_no_terms(
    atm: Atm, models: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    add_terms(models)
    assert atm("init", "--kind", kind, lines=STAFF) == 0
    assert atm("approve", lines=STAFF) == 0
    assert TERMS not in capsys.readouterr().out
    assert atm.approved == 2


def test_without_a_yes_the_network_of_a_live_folder_is_not_changed(
    atm: Atm, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert atm("init", "--kind", "live", lines=(*STAFF, "yes")) == 0
    assert atm("staff", "add", "okafor", lines=(*STAFF, "739164")) == 0
    add_terms(models)
    both = (*STAFF, "okafor", "739164")
    assert atm("rebuild", "bundled", lines=(*both, "no")) == 1
    assert capsys.readouterr().out.splitlines()[-2:] == [TERMS, "Nothing was changed."]
    assert atm.approved == 1
    assert atm("rebuild", "bundled", lines=(*both, "yes")) == 0
    assert atm.approved == 2
