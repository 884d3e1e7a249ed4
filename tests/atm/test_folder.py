"""A data folder is made as live, test or demo and never changes its kind."""

import itertools
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from atm.folder import (
    DataFolder,
    FolderError,
    Kind,
    check_camera,
    check_private,
    open_folder,
    remove_partials,
)

ROOT = Path(__file__).parents[2]

OPEN = """
import sys
from pathlib import Path
from atm.folder import open_folder
sys.stdin.readline()
print(open_folder(Path(sys.argv[1])).folder_id)
"""


def mode(path: Path) -> int:
    """Return the permission bits of *path*."""
    return stat.S_IMODE(path.stat().st_mode)


def contents(path: Path) -> dict[str, bytes]:
    """Return every file in *path* by name."""
    return {each.name: each.read_bytes() for each in path.iterdir()}


@pytest.mark.parametrize("kind", list(Kind))
def test_new_folder_is_born_as_asked_and_stays_so(tmp_path: Path, kind: Kind) -> None:
    path = tmp_path / "a" / "b"
    born = open_folder(path, kind)
    assert born == DataFolder(path, kind, born.folder_id, fresh=True)
    assert len(born.folder_id) == 32
    assert open_folder(path) == born
    assert open_folder(path, kind) == born


def test_new_folder_is_live_unless_asked(tmp_path: Path) -> None:
    assert open_folder(tmp_path / "data").kind is Kind.LIVE


@pytest.mark.parametrize(("born", "asked"), list(itertools.permutations(Kind, 2)))
def test_folder_never_changes_its_kind(tmp_path: Path, born: Kind, asked: Kind) -> None:
    open_folder(tmp_path / "data", born)
    before = contents(tmp_path / "data")
    with pytest.raises(FolderError, match=f"made as {born} and cannot become {asked}"):
        open_folder(tmp_path / "data", asked)
    assert contents(tmp_path / "data") == before
    assert open_folder(tmp_path / "data").kind is born


def test_path_is_absolute_however_it_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert open_folder(Path("data")).path == tmp_path / "data"
    assert open_folder(Path("data")).path == tmp_path / "data"


def test_two_folders_have_two_ids(tmp_path: Path) -> None:
    assert open_folder(tmp_path / "a").folder_id != open_folder(tmp_path / "b").folder_id


@pytest.mark.parametrize("existing", [False, True])
def test_folder_and_file_are_the_owners_only(tmp_path: Path, existing: bool) -> None:
    path = tmp_path / "data"
    old = os.umask(0)
    try:
        if existing:
            path.mkdir(mode=0o777)
        open_folder(path)
    finally:
        os.umask(old)
    assert mode(path) == 0o700
    assert {mode(each) for each in path.iterdir()} == {0o600}


def test_folder_with_other_things_is_refused_and_untouched(tmp_path: Path) -> None:
    (tmp_path / "holiday.txt").write_text("sun")
    tmp_path.chmod(0o755)
    with pytest.raises(FolderError, match="not empty"):
        open_folder(tmp_path)
    assert contents(tmp_path) == {"holiday.txt": b"sun"}
    assert mode(tmp_path) == 0o755


def test_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("x")
    with pytest.raises(FolderError, match="is a file"):
        open_folder(tmp_path / "data")
    with pytest.raises(FolderError):
        open_folder(tmp_path / "data" / "below")
    assert (tmp_path / "data").read_text() == "x"


def test_folder_is_fresh_until_it_holds_data(tmp_path: Path) -> None:
    open_folder(tmp_path / "data")
    (tmp_path / "data" / "kiosk.toml").write_text("")
    (tmp_path / "data" / ".folder.json.abc.partial").write_text("")
    assert open_folder(tmp_path / "data").fresh
    (tmp_path / "data" / "credentials.json").write_text("")
    assert not open_folder(tmp_path / "data").fresh


def test_settings_may_be_there_before_the_folder_is_born(tmp_path: Path) -> None:
    (tmp_path / "kiosk.toml").write_text("day_limit = 500")
    assert open_folder(tmp_path, Kind.TEST).fresh
    assert (tmp_path / "kiosk.toml").read_text() == "day_limit = 500"


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff",
        b'{"version": 2, "kind": "production", "folder_id": "' + b"a" * 32 + b'"}',
        b'{"version": 2, "kind": "live", "folder_id": "../../x"}',
        b'{"version": 2, "kind": "live", "folder_id": 5}',
        b'{"version": 2, "kind": ["live"], "folder_id": "' + b"a" * 32 + b'"}',
        b'{"version": "1", "kind": "live", "folder_id": "' + b"a" * 32 + b'"}',
        b'{"version": true, "kind": "live", "folder_id": "' + b"a" * 32 + b'"}',
        b'{"version": 2, "kind": "live", "kind": "test", "folder_id": "' + b"a" * 32 + b'"}',
    ],
)
def test_damaged_description_is_named_and_kept(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "folder.json").write_bytes(damage)
    for kind in (None, Kind.LIVE):
        with pytest.raises(FolderError, match=r"folder\.json is damaged"):
            open_folder(tmp_path, kind)
    assert contents(tmp_path) == {"folder.json": damage}


def test_folder_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    open_folder(tmp_path / "data")
    file = tmp_path / "data" / "folder.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"version": 3}))
    with pytest.raises(FolderError, match="newer"):
        open_folder(tmp_path / "data")


def test_folder_opened_by_many_processes_at_once_is_born_once(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN, str(tmp_path / "data")],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(5)
    ]
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    ids = {process.communicate()[0].strip() for process in processes}
    assert ids == {open_folder(tmp_path / "data").folder_id}


@pytest.mark.parametrize("spec", ["0", "/dev/video0", "https://bank/door", "rtsps://bank/door"])
def test_every_folder_takes_a_webcam_or_an_encrypted_stream(spec: str) -> None:
    for kind in Kind:
        check_camera(kind, spec)


@pytest.mark.parametrize("spec", ["http://bank/door", "rtsp://bank/door", "demo", "demo:3"])
def test_live_folder_takes_no_drawn_face_and_no_open_stream(spec: str) -> None:
    for kind in (Kind.TEST, Kind.DEMO):
        check_camera(kind, spec)
    with pytest.raises(FolderError, match="A live data folder takes only"):
        check_camera(Kind.LIVE, spec)


def test_live_folder_takes_no_recording(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").touch()
    for path in (tmp_path, tmp_path / "clip.mp4"):
        check_camera(Kind.TEST, str(path))
        with pytest.raises(FolderError):
            check_camera(Kind.LIVE, str(path))


@pytest.mark.parametrize("kind", list(Kind))
def test_nonsense_is_no_camera(kind: Kind) -> None:
    with pytest.raises(FolderError):
        check_camera(kind, "")


def filled(path: Path) -> DataFolder:
    """Return a data folder with a subfolder, files in both, all as this program makes them."""
    folder = open_folder(path)
    (path / "gallery").mkdir(mode=0o700)
    for name in ("staff.json", "gallery/a.template"):
        (path / name).touch(mode=0o600)
    return folder


def test_what_this_program_makes_is_private(tmp_path: Path) -> None:
    check_private(filled(tmp_path / "data"))


@pytest.mark.parametrize("name", ["", "folder.json", "staff.json", "gallery", "gallery/a.template"])
@pytest.mark.parametrize("bit", [0o040, 0o020, 0o010, 0o004, 0o002, 0o001])
def test_anything_open_to_others_is_refused_and_the_command_it_names_helps(
    tmp_path: Path, name: str, bit: int
) -> None:
    folder = filled(tmp_path / "data")
    path = folder.path / name
    path.chmod(mode(path) | bit)
    with pytest.raises(FolderError, match="Others may use") as caught:
        check_private(folder)
    assert str(path) in str(caught.value)
    command = str(caught.value).partition("“")[2].partition("”")[0].split()
    subprocess.run(command, check=True)
    check_private(folder)


@pytest.mark.parametrize(("bits", "fine"), [(0o600, True), (0o644, True), (0o664, False)])
def test_settings_may_be_read_but_not_written_by_others(
    tmp_path: Path, bits: int, fine: bool
) -> None:
    folder = filled(tmp_path / "data")
    (folder.path / "kiosk.toml").touch()
    (folder.path / "kiosk.toml").chmod(bits)
    if fine:
        check_private(folder)
    else:
        with pytest.raises(FolderError, match=r"Others may use .*kiosk\.toml"):
            check_private(folder)


@pytest.mark.parametrize("name", ["", "gallery/a.template"])
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_another_user_owns_is_refused(tmp_path: Path, name: str) -> None:
    folder = filled(tmp_path / "data")
    os.chown(folder.path / name, 12345, -1)
    with pytest.raises(FolderError, match="belongs to another user"):
        check_private(folder)


def test_links_and_pipes_are_refused(tmp_path: Path) -> None:
    folder = filled(tmp_path / "data")
    for make in (
        lambda path: path.symlink_to(tmp_path),
        lambda path: path.symlink_to(folder.path / "staff.json"),
        os.mkfifo,
    ):
        path = folder.path / "gallery" / "odd"
        make(path)
        with pytest.raises(FolderError, match="neither a file nor a folder"):
            check_private(folder)
        path.unlink()
    check_private(folder)


def test_what_killed_writers_left_is_swept_and_nothing_else(tmp_path: Path) -> None:
    folder = filled(tmp_path / "data")
    before = contents(folder.path / "gallery")
    for name in (".staff.json.x1.partial", "gallery/.a.template.x2.partial"):
        (folder.path / name).touch(mode=0o600)
    remove_partials(folder)
    assert contents(folder.path / "gallery") == before
    assert {each.name for each in folder.path.iterdir()} == {
        "folder.json",
        "folder.json.lock",
        "gallery",
        "staff.json",
    }
