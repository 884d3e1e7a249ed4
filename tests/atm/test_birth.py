"""A live data folder comes and goes by explicit acts only, and none that is lost goes unseen."""

import io
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from unittest import mock

import pytest

from atm.__main__ import main
from atm.audit.__main__ import main as audit
from atm.birth import bear, begin_life
from atm.errors import AtmError
from atm.folder import Kind, LostFolderError
from atm.opening import open_machine, open_staff_sign_in
from atm.settings import Settings

STAFF = ("ruiz", "482913")
OTHERS = ("okafor", "739164")
PASSPHRASE = "correct horse battery"

Atm = Callable[..., int]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A kiosk's, whose anchor lies beside its keys."""
    return Settings(data_dir=tmp_path / "data", key_dir=tmp_path / "keys", network="bundled")


@pytest.fixture
def atm(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Atm:
    """Runs `python -m atm` in the kiosk's folders, with lines on standard input."""
    monkeypatch.setenv("ATM_KEY_DIR", str(settings.key_dir))
    monkeypatch.setenv("ATM_NETWORK", "bundled")

    def run(*arguments: str, lines: tuple[str, ...] = ()) -> int:
        typed = io.StringIO("".join(f"{line}\n" for line in lines))
        with mock.patch("sys.stdin", typed):
            return main([*arguments, "--data", str(settings.data_dir)])

    return run


@pytest.fixture
def branch(settings: Settings, atm: Atm) -> Settings:
    """A live kiosk with two members of staff."""
    assert atm("init", "--kind", "live", lines=STAFF) == 0
    assert atm("staff", "add", "okafor", lines=(*STAFF, OTHERS[1])) == 0
    return settings


@pytest.fixture
def stick(branch: Settings, atm: Atm, tmp_path: Path) -> str:
    """The backup of the key of `branch`."""
    out = str(tmp_path / "key.backup")
    assert atm("keys", "backup", "--file", out, lines=(*STAFF, *OTHERS, PASSPHRASE)) == 0
    return out


def folder_id(settings: Settings) -> str:
    return str(json.loads((settings.data_dir / "folder.json").read_text())["folder_id"])


def empty(folder: Path, *but: str) -> None:
    for path in folder.iterdir():
        if path.name not in but:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


@pytest.mark.parametrize("kind", [None, Kind.LIVE])
def test_no_start_makes_a_live_folder(settings: Settings, kind: Kind | None, atm: Atm) -> None:
    with pytest.raises(AtmError, match="There is no data folder"):
        open_machine(Settings(**{**_fields(settings), "kind": kind}))
    assert atm("list", lines=STAFF) == 2
    assert not settings.data_dir.exists() and not settings.key_dir.exists()


def _fields(settings: Settings) -> dict[str, object]:
    return {name: getattr(settings, name) for name in ("data_dir", "key_dir", "network")}


@pytest.mark.parametrize("kind", [Kind.TEST, Kind.DEMO])
def test_a_test_or_demo_folder_is_made_by_a_start_that_names_it(
    settings: Settings, kind: Kind
) -> None:
    open_machine(Settings(**{**_fields(settings), "kind": kind})).close()
    machine = open_machine(settings)
    assert machine.kind is kind and machine.staff.empty
    machine.close()


@pytest.mark.parametrize("left", [(), ("folder.json",), ("folder.json", "kiosk.toml")])
@pytest.mark.parametrize("act", ["start", "start as test", "init", "enrol", "audit"])
def test_an_emptied_data_folder_is_no_first_start(
    branch: Settings, atm: Atm, left: tuple[str, ...], act: str, tmp_path: Path
) -> None:
    """Whoever can delete files would else become its first member of staff."""
    (branch.data_dir / "kiosk.toml").write_text("day_limit = 1000\n")
    old = tmp_path / "old"
    shutil.copytree(branch.data_dir, old)
    empty(branch.data_dir, *left)
    if act.startswith("start"):
        kind = Kind.TEST if act.endswith("test") else None
        with pytest.raises(AtmError):
            open_machine(Settings(**{**_fields(branch), "kind": kind}))
    elif act == "init":
        assert atm("init", "--kind", "live", lines=("mallory", "864209")) == 2
    elif act == "enrol":
        assert atm("enrol", "maria", "--camera", "demo", lines=(*STAFF, "4073")) == 2
    else:
        verifier = str(tmp_path / "verifier")
        assert audit(["init", "--data", str(branch.data_dir), "--verifier", verifier]) == 2
    assert not any(branch.data_dir.glob("*.sqlite")) and not any(branch.data_dir.glob("*.jsonl"))
    shutil.rmtree(branch.data_dir)
    shutil.copytree(old, branch.data_dir)
    machine = open_machine(branch)
    assert [name for name, _ in machine.staff.names()] == ["okafor", "ruiz"]
    machine.close()


def test_no_demonstration_takes_the_place_of_a_live_folder(
    branch: Settings, tmp_path: Path
) -> None:
    """The PIN of a demonstration is public."""
    demo = Settings(**{**_fields(branch), "data_dir": tmp_path / "demo", "kind": Kind.DEMO})
    open_machine(demo).close()
    open_machine(demo).close()  # beside the live one it may be
    branch.data_dir.rename(tmp_path / "away")
    demo.data_dir.rename(branch.data_dir)
    with pytest.raises(AtmError, match="is not the live data folder"):
        open_machine(branch)


def test_a_copy_that_is_opened_elsewhere_makes_no_room_for_a_demonstration(
    branch: Settings, tmp_path: Path
) -> None:
    shutil.copytree(branch.data_dir, tmp_path / "copy")
    open_machine(replace(branch, data_dir=tmp_path / "copy")).close()
    shutil.rmtree(branch.data_dir)
    with pytest.raises(LostFolderError):
        open_machine(replace(branch, kind=Kind.DEMO, camera="demo"))


def test_a_folder_that_was_moved_is_known_in_its_new_place(
    branch: Settings, tmp_path: Path
) -> None:
    away = replace(branch, data_dir=tmp_path / "away")
    branch.data_dir.rename(away.data_dir)
    open_machine(away).close()
    shutil.rmtree(away.data_dir)
    with pytest.raises(AtmError):
        open_machine(replace(away, kind=Kind.DEMO, camera="demo"))


def test_a_second_live_folder_is_refused_while_the_key_folder_or_the_anchor_knows_one(
    branch: Settings, atm: Atm, tmp_path: Path
) -> None:
    branch.data_dir.rename(tmp_path / "away")
    assert atm("init", "--kind", "live", lines=STAFF) == 2
    (branch.key_dir / f"{folder_id_of(tmp_path / 'away')}.key").unlink()  # the anchor knows it yet
    assert atm("init", "--kind", "live", lines=STAFF) == 2
    assert not branch.data_dir.exists()


def folder_id_of(path: Path) -> str:
    return str(json.loads((path / "folder.json").read_text())["folder_id"])


@pytest.mark.parametrize("gone", ["log", "log and state", "all"])
def test_an_old_list_of_staff_is_not_believed_when_the_log_is_gone(
    branch: Settings, atm: Atm, gone: str, tmp_path: Path
) -> None:
    """Log, its key state and the default anchor deleted together: the log began again at 1."""
    shutil.copy(branch.data_dir / "staff.json", tmp_path / "yesterday.json")
    assert atm("staff", "add", "tanaka", lines=(*STAFF, *OTHERS, "518206")) == 0
    assert atm("staff", "remove", "okafor", lines=(*STAFF, "tanaka", "518206")) == 0
    shutil.copy(tmp_path / "yesterday.json", branch.data_dir / "staff.json")
    doomed = [*branch.data_dir.glob("audit*")]
    doomed += [*branch.key_dir.glob("*.audit")] if gone != "log" else []
    doomed += [*branch.key_dir.glob("*.anchor")] if gone == "all" else []
    for path in doomed:
        path.unlink()
    with pytest.raises(AtmError):
        open_machine(branch)
    for lines in ((*STAFF, *OTHERS), STAFF):
        assert atm("list", lines=lines) == 2
        assert atm("keys", "backup", "--file", str(tmp_path / "x"), lines=lines) == 2
    assert not any(branch.data_dir.glob("audit.jsonl"))


def test_two_of_the_lost_folder_s_staff_begin_anew_from_its_key_backup(
    branch: Settings, atm: Atm, stick: str, tmp_path: Path
) -> None:
    old = folder_id(branch)
    away = tmp_path / "away"
    branch.data_dir.rename(away)
    again = ("init", "--kind", "live", "--instead-of", stick)
    assert atm(*again, lines=(PASSPHRASE, *STAFF, *STAFF, "ana", "864209")) != 0  # the same twice
    assert atm(*again, lines=(PASSPHRASE, *STAFF, "okafor", "111111", "ana", "864209")) != 0
    assert atm(*again, lines=("another passphrase", *STAFF, *OTHERS, "ana", "864209")) != 0
    assert not branch.data_dir.exists()
    assert atm(*again, lines=(PASSPHRASE, *STAFF, *OTHERS, "ana", "864209")) == 0
    assert folder_id(branch) != old
    machine = open_machine(branch)
    assert [name for name, _ in machine.staff.names()] == ["ana"]
    machine.close()
    branch.data_dir.rename(tmp_path / "new")
    away.rename(branch.data_dir)
    with pytest.raises(AtmError, match="ended by two members"):
        open_machine(branch)
    with pytest.raises(AtmError, match="ended by two members"):
        open_staff_sign_in(branch)


def test_a_folder_in_its_place_is_not_ended(branch: Settings, atm: Atm, stick: str) -> None:
    lines = (PASSPHRASE, *STAFF, *OTHERS, "ana", "864209")
    assert atm("init", "--kind", "live", "--instead-of", stick, lines=lines) == 2
    machine = open_machine(branch)
    assert [name for name, _ in machine.staff.names()] == ["okafor", "ruiz"]
    machine.close()


@pytest.mark.parametrize("later", [("keys", "backup"), ("keys", "rotate")])
def test_who_is_only_in_an_earlier_backup_ends_no_folder(
    branch: Settings, atm: Atm, stick: str, tmp_path: Path, later: tuple[str, str]
) -> None:
    lines = (*STAFF, *OTHERS, PASSPHRASE)
    assert atm(*later, "--file", str(tmp_path / "later"), lines=lines) == 0
    branch.data_dir.rename(tmp_path / "away")
    lines = (PASSPHRASE, *STAFF, *OTHERS, "ana", "864209")
    assert atm("init", "--kind", "live", "--instead-of", stick, lines=lines) == 2
    (tmp_path / "away").rename(branch.data_dir)
    open_machine(branch).close()
    branch.data_dir.rename(tmp_path / "away")
    new = str(tmp_path / "later")
    assert atm("init", "--kind", "live", "--instead-of", new, lines=lines) == 0


def test_a_key_backup_revives_no_folder_beside_the_one_in_its_place(
    branch: Settings, atm: Atm, stick: str, tmp_path: Path
) -> None:
    old, away = folder_id(branch), tmp_path / "away"
    branch.data_dir.rename(away)
    lines = (PASSPHRASE, *STAFF, *OTHERS, "ana", "864209")
    assert atm("init", "--kind", "live", "--instead-of", stick, lines=lines) == 0
    (branch.key_dir / f"{old}.key").unlink()
    branch.data_dir.rename(tmp_path / "new")
    away.rename(branch.data_dir)
    assert atm("keys", "restore", "--file", stick, lines=(PASSPHRASE,)) == 2
    with pytest.raises(AtmError, match="key of the data folder"):
        open_machine(branch)


def test_a_live_folder_does_not_itself_say_where_its_key_lies(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Emptied, it was a first start: nothing said where to look for its record."""
    settings.data_dir.mkdir(mode=0o700)
    file = settings.data_dir / "kiosk.toml"
    file.write_text('key_dir = "../keys"\nnetwork = "bundled"\n')
    typed = io.StringIO("".join(f"{line}\n" for line in STAFF))
    monkeypatch.setattr("sys.stdin", typed)
    init = ["init", "--data", str(settings.data_dir), "--kind"]
    assert main([*init, "live"]) == 2
    assert not settings.key_dir.exists()
    assert main([*init, "test"]) == 0


def test_settings_from_an_editor_of_windows_do_not_keep_a_live_folder_from_its_birth(
    settings: Settings,
) -> None:
    settings.data_dir.mkdir(mode=0o700)
    (settings.data_dir / "kiosk.toml").write_text("day_limit = 1000\r\n", encoding="utf-8-sig")
    assert bear(replace(settings, kind=Kind.LIVE)).kind is Kind.LIVE


def test_without_its_service_a_kiosk_of_a_bank_is_no_first_start(
    settings: Settings, tmp_path: Path
) -> None:
    """Its staff sign in at the service, so its own list of staff is empty."""
    bear(replace(settings, kind=Kind.LIVE))
    machine = open_machine(settings)
    of_bank = replace(settings, store="https://bank.example")
    machine.bank.stores.approvals.approve(of_bank, ["ruiz"])
    begin_life(settings, machine.folder)
    machine.close()
    with pytest.raises(AtmError, match="make a new data folder"):
        open_machine(settings)


def test_anew_is_possible_where_the_key_folder_is_lost_too(
    branch: Settings, atm: Atm, stick: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    anchors = tmp_path / "anchors"
    anchors.mkdir(mode=0o700)
    for path in branch.key_dir.glob("*.anchor"):
        path.rename(anchors / path.name)
    monkeypatch.setenv("ATM_ANCHOR_DIR", str(anchors))
    shutil.rmtree(branch.data_dir)
    shutil.rmtree(branch.key_dir)
    assert atm("init", "--kind", "live", lines=("ana", "864209")) == 2
    lines = (PASSPHRASE, *STAFF, *OTHERS, "ana", "864209")
    assert atm("init", "--kind", "live", "--instead-of", stick, lines=lines) == 0


def test_a_birth_that_was_given_up_or_interrupted_leaves_nothing_in_the_way(
    settings: Settings, atm: Atm
) -> None:
    assert atm("init", "--kind", "live", lines=("ruiz", "12")) == 2  # no such PIN
    shutil.rmtree(settings.data_dir)
    with pytest.raises(AtmError, match="There is no data folder"):
        open_machine(settings)
    assert atm("init", "--kind", "live", lines=("ruiz", "12")) == 2
    for path in (*settings.data_dir.glob("audit*"), *settings.key_dir.glob("*.audit")):
        path.unlink()  # as if it had been killed before
    assert atm("init", "--kind", "live", lines=STAFF) == 0
    assert atm("init", "--kind", "live", lines=STAFF) == 2


def test_a_key_of_the_version_before_makes_a_living_folder(branch: Settings, atm: Atm) -> None:
    from atm.keys.key_file import _check

    (key,) = branch.key_dir.glob("*.key")
    document = json.loads(key.read_text())
    for name in ("life", "place", "check"):
        del document[name]
    document["version"] = 1
    key.write_text(json.dumps(document | {"check": _check(document)}))
    open_machine(branch).close()
    assert json.loads(key.read_text())["place"] == str(branch.data_dir)  # adopted
    empty(branch.data_dir)
    assert atm("init", "--kind", "live", lines=("mallory", "864209")) == 2


def test_a_birth_that_is_killed_between_key_and_folder_is_begun_again(
    settings: Settings, atm: Atm
) -> None:
    with (
        mock.patch("atm.folder._write", side_effect=KeyboardInterrupt),
        mock.patch("sys.stderr", io.StringIO()),
    ):
        assert atm("init", "--kind", "live", lines=STAFF) == 2
    (left,) = settings.key_dir.glob("*.key")
    with pytest.raises(AtmError, match="There is no data folder"):
        open_machine(settings)
    assert atm("init", "--kind", "live", lines=STAFF) == 0
    assert left.stem != folder_id(settings)
    open_machine(settings).close()


@pytest.mark.parametrize("act", ["begin_life", "add_first"])
def test_a_first_member_whose_making_is_killed_is_made_again(
    settings: Settings, atm: Atm, act: str
) -> None:
    """Nobody is a member of a folder that does not live yet: that one may be begun anew."""
    place = "atm.local_bank.begin_life" if act == "begin_life" else f"{_REGISTRY}.{act}"
    with mock.patch(place, side_effect=KeyboardInterrupt):
        assert atm("init", "--kind", "live", lines=STAFF) == 2
    assert atm("init", "--kind", "live", lines=STAFF) == 0
    assert atm("list", lines=STAFF) == 0


_REGISTRY = "atm.staff.registry.StaffRegistry"
