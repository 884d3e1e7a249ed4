"""`python -m atm` as a person or a script runs it, with real photographs as the camera."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
pytestmark = [pytest.mark.xdist_group("command line"), pytest.mark.early]

STAFF = ("ruiz", "482913")
LONG_PIN = "407183526914"  # four digits may stand in a MAC by chance
SECOND = ("okafor", "739164")
TWO = (*STAFF, *SECOND)
REFUSED = "Not admitted. Wait a minute and try again, or ask staff.\n"


class Atm:
    """One data folder of kind test, used through the command line alone."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        # Photographs do not move: what is asked of a live face has tests of its own.
        self.env = {**os.environ, "ATM_KEY_DIR": str(folder / "keys"), "ATM_LIVENESS": "off"}

    def __call__(self, *arguments: object, lines: tuple[str, ...] = ()):
        return subprocess.run(
            [sys.executable, "-m", "atm", *map(str, arguments), "--data", str(self.data)],
            input="".join(line + "\n" for line in lines),
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=self.env,
            timeout=600,
        )

    def state(self, name: str) -> str:
        listed = json.loads(self("list", "--json", lines=STAFF).stdout)["customers"]
        return {each["username"]: each["state"] for each in listed}.get(name, "none")


@pytest.fixture(scope="session")
def born(tmp_path_factory) -> Path:
    """A data folder with its first member of staff, and its keys; to be copied."""
    folder = tmp_path_factory.mktemp("born")
    made = Atm(folder)("init", "--kind", "test", lines=STAFF)
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture(scope="session")
def grown(born, cameras, tmp_path_factory) -> Path:
    """The same with ada, who has 50 on the account, and a second member of staff."""
    folder = tmp_path_factory.mktemp("grown")
    atm = copied(born, folder)
    (enrol, _), _ = cameras
    made = atm("enrol", "ada", "--camera", enrol, "--balance", "50", lines=(*STAFF, "4071"))
    assert made.returncode == 0, made.stderr
    made = atm("staff", "add", SECOND[0], lines=(*STAFF, SECOND[1]))
    assert made.returncode == 0, made.stderr
    return folder


def copied(folder: Path, to: Path) -> Atm:
    shutil.copytree(folder, to, dirs_exist_ok=True)
    return Atm(to)


@pytest.fixture
def atm(born, tmp_path) -> Atm:
    return copied(born, tmp_path)


@pytest.fixture
def atm_of_two(grown, tmp_path) -> Atm:
    """Two members of staff, and ada enrolled with the first person's face."""
    return copied(grown, tmp_path)


@pytest.fixture(scope="session")
def cameras(enrolling_people, tmp_path_factory):
    """Two people: for each a folder of five photographs to enrol with and one of the others."""
    folders = []
    for name, photographs in enrolling_people[:2]:
        pair = tmp_path_factory.mktemp(name)
        for part, files in (("enrol", photographs[:5]), ("login", photographs[5:])):
            (pair / part).mkdir()
            for file in files:
                shutil.copy(file, pair / part)
        folders.append((pair / "enrol", pair / "login"))
    return folders


def test_a_customer_is_enrolled_admitted_locked_unlocked_and_deleted(atm, cameras) -> None:
    (enrol, login), (_, stranger) = cameras
    made = atm("enrol", "Ada", "--camera", enrol, "--full-name", "Ada L.", "--balance", "0",
               lines=(*STAFF, LONG_PIN))  # fmt: skip
    assert (made.returncode, made.stderr) == (0, "")

    def log_in(pin: str, camera: Path = login) -> tuple[int, str]:
        done = atm("login", "ADA", "--camera", camera, lines=(pin,))
        return done.returncode, done.stdout.strip()

    assert log_in(LONG_PIN) == (0, "granted")
    assert log_in(LONG_PIN, stranger) == (1, "refused")
    assert log_in(LONG_PIN) == (1, "refused")
    assert atm.state("Ada") == "waiting"
    assert atm("unlock", "ada", lines=STAFF).returncode == 0
    assert [log_in("0000") for _ in range(3)] == [(1, "refused")] * 3
    assert log_in(LONG_PIN) == (1, "refused")
    assert atm.state("Ada") == "locked"
    assert atm("unlock", "ada", lines=STAFF).returncode == 0
    assert log_in(LONG_PIN) == (0, "granted")
    assert atm("delete", "ada", lines=STAFF).returncode == 0
    assert atm.state("Ada") == "none"
    assert log_in(LONG_PIN) == (1, "refused")
    everything = b"".join(f.read_bytes() for f in atm.data.rglob("*") if f.is_file())
    assert LONG_PIN.encode() not in everything


def test_unknown_name_and_wrong_face_say_the_same(atm_of_two, cameras) -> None:
    atm = atm_of_two
    (_, login), (_, stranger) = cameras
    answers = {
        (done.returncode, done.stdout, done.stderr)
        for done in (
            atm("login", "nobody", "--camera", login, lines=("4071",)),
            atm("login", "ada", "--camera", login, lines=("4072",)),
            atm("login", "ada", "--camera", stranger, lines=("4071",)),
            atm("login", "ada", "--camera", login, lines=("4071",)),
        )
    }
    assert answers == {(1, "refused\n", REFUSED)}


def test_two_people_taking_turns_at_enrolment_never_share_an_account(
    atm, cameras, tmp_path
) -> None:
    mixed = tmp_path / "mixed"
    mixed.mkdir()
    for number, (enrol, _) in enumerate(cameras):
        for order, file in enumerate(sorted(enrol.iterdir())[: 3 - number]):
            shutil.copy(file, mixed / f"{order}{number}.jpg")
    atm("enrol", "ada", "--camera", mixed, lines=(*STAFF, "4071"))
    admitted = [
        atm("login", "ada", "--camera", login, lines=("4071",)).returncode == 0
        for _, login in cameras
    ]
    assert admitted.count(True) <= 1


def test_a_picture_without_a_face_is_no_decision(atm, cameras, tmp_path, rng) -> None:
    import cv2

    wall = tmp_path / "wall"
    wall.mkdir()
    cv2.imwrite(str(wall / "1.png"), rng.integers(90, 160, (480, 640, 3), dtype="uint8"))
    done = atm("login", "nobody", "--camera", wall, lines=("4071",))
    assert (done.returncode, done.stdout) == (1, "refused\n")
    assert done.stderr == "We could not see your face. Try again.\n"


def test_the_prototypes_names_wait_for_a_face_and_a_new_pin(atm, cameras, tmp_path) -> None:
    (enrol, login), _ = cameras
    plain = tmp_path / "userCredentials.json"
    plain.write_text(json.dumps({"ada": LONG_PIN, "bob": "9876", " ": "1111"}))
    done = atm("import-plain", plain, lines=STAFF)
    assert done.returncode == 0
    assert "imported 2" in done.stdout
    assert "' '" in done.stderr
    assert atm.state("ada") == "pending"
    assert atm("login", "ada", "--camera", login, lines=(LONG_PIN,)).returncode == 1
    assert atm("enrol", "ada", "--camera", enrol, lines=(*STAFF, "4071")).returncode == 0
    assert atm.state("ada") == "active"
    assert atm("login", "ada", "--camera", login, lines=("4071",)).returncode == 0
    assert LONG_PIN.encode() not in (atm.data / "credentials.json").read_bytes()


def test_a_member_of_staff_changes_their_own_pin(grown, tmp_path) -> None:
    atm = copied(grown, tmp_path)
    name, old = SECOND
    for lines, code in (
        ((name, "000000", "718293"), 1),
        ((name, old, "123456"), 2),
        ((name, old, "718293"), 0),
        ((name, old, "718293"), 1),
    ):
        assert atm("staff", "change-pin", lines=lines).returncode == code
    assert atm("list", lines=(name, old)).returncode == 1
    assert atm("list", lines=(name, "718293")).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "lines", "code", "says"),
    [
        (("list",), ("ruiz", "000000"), 1, ""),
        (("list",), ("ruiz",), 2, "Standard input ended"),
        (("unlock", "nobody"), STAFF, 2, "nobody"),
        (("init",), STAFF, 2, "staff"),
        (("enrol", "ada", "--camera", "demo"), (*STAFF, "12"), 2, "PIN"),
        (("enrol", "ada", "--camera", "demo", "--balance", "-1"), STAFF, 2, ""),
        (("enrol", "ada", "--camera", "demo", "--excuse", "hop"), STAFF, 2, "movements are turn"),
        (("import-plain", "/nonexistent.json"), STAFF, 2, "/nonexistent.json"),
    ],
)
def test_bad_input_is_one_sentence_and_an_exit_code(atm, arguments, lines, code, says) -> None:
    done = atm(*arguments, lines=lines)
    assert done.returncode == code
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "output",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1"},
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    ],
    ids=["ascii", "latin-1", "C"],
)
def test_a_list_ends_with_its_last_customer_whatever_the_output_can_show(
    atm, tmp_path, output
) -> None:
    plain = tmp_path / "userCredentials.json"
    plain.write_text(json.dumps({"ada": "9876", "łukasz": "9876", "żora": "9876"}))
    assert atm("import-plain", plain, lines=STAFF).returncode == 0
    atm.env.update(output)
    done = atm("list", lines=STAFF)
    assert done.returncode == 0, done.stderr
    names = [row.split("\t")[0] for row in done.stdout.splitlines()]
    assert names == ["ada", r"\u0142ukasz", r"\u017cora"]


def test_a_live_folder_takes_no_pictures_as_its_camera(tmp_path) -> None:
    atm = Atm(tmp_path)
    atm.env["ATM_NETWORK"] = "bundled"  # which has no terms to confirm
    atm.env["ATM_LIVENESS"] = "challenge"
    assert atm("init", lines=STAFF).returncode == 0
    for camera in (tmp_path, "demo", "http://127.0.0.1:1/"):
        done = atm("login", "ada", "--camera", camera, lines=("4071",))
        assert done.returncode == 2
        assert "live" in done.stderr


def test_a_damaged_credential_file_is_named_and_left_as_it_is(atm) -> None:
    damaged = atm.data / "credentials.json"
    damaged.write_text('{"version": 2, "records": [')
    done = atm("list", lines=STAFF)
    assert done.returncode == 2
    assert str(damaged) in done.stderr
    assert damaged.read_text() == '{"version": 2, "records": ['


def test_acts_that_need_two_are_refused_to_one(atm_of_two, cameras) -> None:
    atm = atm_of_two
    (_, login), (other, other_login) = cameras
    alone = (*STAFF, *STAFF)
    for arguments, lines in (
        (("new-pin", "ada"), (*alone, "8315")),
        (("new-face", "ada", "--camera", other), alone),
        (("delete", "ada", "--override"), alone),
        (("staff", "add", "chen"), (*alone, "615082")),
    ):
        done = atm(*arguments, lines=lines)
        assert (done.returncode, "second member" in done.stderr) == (2, True), arguments
    assert atm("delete", "ada", lines=STAFF).returncode == 1
    assert atm("new-pin", "ada", lines=(*TWO, "8315")).returncode == 0
    assert atm("login", "ada", "--camera", login, lines=("4071",)).returncode == 1
    assert atm("login", "ada", "--camera", login, lines=("8315",)).returncode == 0
    assert atm("new-face", "ada", "--camera", other, lines=TWO).returncode == 0
    assert atm("login", "ada", "--camera", other_login, lines=("8315",)).returncode == 0
    assert atm("login", "ada", "--camera", login, lines=("8315",)).returncode == 1
    assert atm("delete", "ada", "--override", lines=TWO).stdout == (
        "deleted ada; 50.00 EUR was on the account\n"
    )


def test_the_same_face_under_another_name_needs_a_second_signature(atm_of_two, cameras) -> None:
    atm = atm_of_two
    (enrol, _), _ = cameras
    again = ("enrol", "eve", "--camera", enrol)
    done = atm(*again, lines=(*STAFF, "4071", SECOND[0], "000000"))
    assert done.returncode == 1
    assert "customer ada" in done.stderr
    assert atm.state("eve") == "none"
    assert atm(*again, lines=(*STAFF, "4071", *SECOND)).returncode == 0
    kept = json.loads(atm("export", "eve", lines=STAFF).stdout)
    assert kept["customer"]["username"] == "eve"
    assert not re.search(r"\bada\b", json.dumps(kept))  # an identifier may hold those letters


def test_yesterdays_copy_is_out_of_service_until_two_restore(atm_of_two, cameras) -> None:
    atm = atm_of_two
    (_, login), (other, _) = cameras
    yesterday = (atm.data / "credentials.json").read_bytes()
    assert atm("enrol", "bob", "--camera", other, lines=(*STAFF, "4071")).returncode == 0
    (atm.data / "credentials.json").write_bytes(yesterday)
    done = atm("login", "ada", "--camera", login, lines=("4071",))
    assert done.returncode == 2
    assert "older than the log says" in done.stderr
    assert atm("restore", lines=(*STAFF, *STAFF)).returncode == 2
    refused = atm("restore", lines=(*TWO, "no"))
    assert refused.returncode == 1
    done = atm("restore", lines=(*TWO, "restore"))
    assert done.returncode == 0, done.stderr
    assert "bob" in done.stdout or "is lost" in done.stdout
    assert atm("login", "ada", "--camera", login, lines=("4071",)).returncode == 0


def test_keys_are_changed_and_everybody_still_comes_in(atm_of_two, cameras, tmp_path) -> None:
    atm = atm_of_two
    (_, login), _ = cameras
    (key,) = (tmp_path / "keys").glob("*.key")
    old = key.read_bytes()
    safe = tmp_path / "safe" / "backup"
    safe.parent.mkdir()
    words = "nine quiet otters drum"
    rotated = atm("keys", "rotate", "--file", safe.with_name("first"), lines=(*TWO, words))
    assert rotated.returncode == 0
    assert key.read_bytes() != old
    assert atm("login", "ada", "--camera", login, lines=("4071",)).returncode == 0
    assert atm("keys", "backup", "--file", safe, lines=(*TWO, words)).returncode == 0
    key.unlink()
    assert atm("login", "ada", "--camera", login, lines=("4071",)).returncode == 2
    assert atm("keys", "restore", "--file", safe, lines=("some other words",)).returncode == 2
    assert atm("keys", "restore", "--file", safe, lines=(words,)).returncode == 0
    assert atm("login", "ada", "--camera", login, lines=("4071",)).returncode == 0


def test_settings_that_nobody_approved_are_out_of_service(tmp_path) -> None:
    atm = Atm(tmp_path)
    atm.env["ATM_NETWORK"] = "bundled"  # which has no terms to confirm
    atm.env["ATM_LIVENESS"] = "challenge"
    assert atm("init", lines=STAFF).returncode == 0
    assert atm("staff", "add", "okafor", lines=(*STAFF, "739164")).returncode == 0
    atm.env["ATM_SMALLEST_NOTE"] = "20"
    done = atm("list", lines=STAFF)
    assert (done.returncode, "smallest_note" in done.stderr) == (2, True)
    both = (*STAFF, "okafor", "739164")  # nothing outside the disk remembers the log
    assert atm("approve", lines=STAFF).returncode == 2
    assert atm("approve", lines=both).returncode == 0
    assert atm("list", lines=STAFF).returncode == 0
    assert atm("approve", lines=STAFF).returncode == 0


def test_a_live_folder_judges_nothing_before_its_camera_is_registered(tmp_path) -> None:
    atm = Atm(tmp_path)
    atm.env["ATM_NETWORK"] = "bundled"  # which has no terms to confirm
    atm.env["ATM_LIVENESS"] = "challenge"
    assert atm("init", lines=STAFF).returncode == 0
    camera = "https://127.0.0.1:9/stream"
    done = atm("login", "ada", "--camera", camera, lines=("4071",))
    assert (done.returncode, done.stderr) == (2, "Service not available. Ask staff.\n")
    assert atm("register-camera", "--camera", camera, lines=STAFF).returncode == 0
    (line,) = [
        line
        for line in (atm.data / "audit.jsonl").read_text().splitlines()
        if json.loads(line)["kind"] == "decision"
    ]
    assert "not registered" in line


def test_refusals_and_health_are_for_staff_to_read(atm) -> None:
    atm("login", "nobody", "--camera", atm.data.parent, lines=("4071",))
    found = atm("refusals", lines=STAFF)
    assert found.returncode == 0
    assert "fault" in found.stdout
    health = atm("health", lines=STAFF)
    assert health.returncode == 1
    assert "keys backup" in health.stdout
    assert "liveness\toff\n" in health.stdout
    assert "atm.audit init" in health.stdout


def test_data_without_its_key_is_refused_and_no_new_key_is_made(atm, tmp_path) -> None:
    for key in (tmp_path / "keys").rglob("*.key"):
        key.unlink()
    assert atm("list", lines=STAFF).returncode == 2
    assert not list((tmp_path / "keys").rglob("*.key"))
