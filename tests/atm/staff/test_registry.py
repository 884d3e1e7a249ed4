"""The staff registry: the first member only once, and a sign-in that gives nothing away."""

import json
import random
import stat
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from atm.audit import AuditError, AuditLog
from atm.login.pause import Pause, counted
from atm.people import (
    SecondSignatureError,
    Signatures,
    SignInPausedError,
    StaffError,
    StaffMember,
    StaffSignInError,
)
from atm.staff.registry import StaffRegistry
from atm.staff.staff_file import staff_file
from credentials.attempt_rules import Place
from credentials.boot_clock import Moment
from credentials.hashing import PinHasher
from credentials.policy import PolicyError
from credentials.sealed.record_file import RecordFile
from credentials.sealed.seal import Seal
from credentials.staff_attempts import WrongPins
from tests.attacks import flips, forgeries

SEAL = Seal(bytes(32))
ROOT = Path(__file__).parents[3]
PIN, OTHER_PIN = "246813", "905172"

ADD_FIRST = """
import sys
from pathlib import Path
from argon2 import PasswordHasher
from atm.staff.registry import StaffError, StaffRegistry
from atm.staff.staff_file import staff_file
from credentials.hashing import PinHasher
from credentials.sealed.seal import Seal
from credentials.staff_attempts import WrongPins
folder = Path(sys.argv[1])
hasher = PinHasher(bytes(32), PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
seal = Seal(bytes(32))
attempts = WrongPins(folder / "a.sqlite", seal)
registry = StaffRegistry(staff_file(folder / "staff.json", seal), hasher, attempts, log=None)
print("ready", flush=True)
sys.stdin.readline()
try:
    registry.add_first(sys.argv[2], "246813")
    print("first")
except StaffError:
    print("late")
"""


class CountingHasher(PinHasher):
    """A hasher of little cost that notes what it verified against."""

    def __init__(self) -> None:
        super().__init__(bytes(32), PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        self.verified: list[str] = []

    def verify(self, pin_hash: str, customer_id: str, pin: str) -> bool:
        """Note *pin_hash* and verify."""
        self.verified.append(pin_hash)
        return super().verify(pin_hash, customer_id, pin)


class Clock:
    """A machine that was started a while ago, and waits for nobody."""

    boot, seconds = "first", 1000.0

    def __call__(self) -> Moment:
        return Moment(self.boot, self.seconds)


CLOCK = Clock()


def opened(folder: Path, hasher: PinHasher) -> StaffRegistry:
    """Open the staff of *folder*, as a restart does."""
    attempts = WrongPins(folder / "staff.sqlite", SEAL, CLOCK)
    pause = Pause(folder / "pause.sqlite", SEAL, CLOCK)
    log = AuditLog(
        folder / "audit.jsonl", folder / "keys" / "a.audit", folder / "keys" / "a.anchor"
    )
    return StaffRegistry(
        staff_file(folder / "staff.json", SEAL), hasher, attempts,
        log=log, counted=partial(counted, pause, log),
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _fresh_clock() -> None:
    CLOCK.boot, CLOCK.seconds = "first", 1000.0


@pytest.fixture
def hasher() -> CountingHasher:
    return CountingHasher()


@pytest.fixture
def staff(tmp_path: Path, hasher: CountingHasher) -> StaffRegistry:
    return opened(tmp_path, hasher)


@pytest.fixture
def ada(staff: StaffRegistry) -> StaffMember:
    return staff.add_first("Ada", PIN)


def refused(staff: StaffRegistry, name: str, pin: str, place: Place = Place.COMMAND_LINE) -> str:
    """Return the sentence with which the sign-in is refused."""
    with pytest.raises(StaffSignInError) as caught:
        staff.sign_in(name, pin, place=place)
    return str(caught.value)


def test_registry_is_empty_until_the_first_member(staff: StaffRegistry) -> None:
    assert staff.empty
    assert staff.add_first(" Ada ", PIN) == StaffMember("Ada")
    assert not staff.empty


def test_member_signs_in_by_any_spelling_of_the_name(
    staff: StaffRegistry, ada: StaffMember
) -> None:
    assert staff.sign_in("Ada", PIN) == ada
    assert staff.sign_in(" ＡDA ", PIN) == StaffMember("Ada")


def test_nobody_signs_in_to_an_empty_registry(staff: StaffRegistry) -> None:
    for pin in ("", "000000", "123456"):
        refused(staff, "admin", pin)


def test_second_first_member_is_refused(staff: StaffRegistry, ada: StaffMember) -> None:
    with pytest.raises(StaffError, match="already"):
        staff.add_first("Bob", PIN)
    refused(staff, "Bob", PIN)


@pytest.mark.parametrize(
    ("name", "pin"),
    [
        ("Ada", ""),
        ("Ada", "12345"),
        ("Ada", "1234567890123"),
        ("Ada", "１２３４５６"),
        ("Ada", "12345a"),
        ("Ada", "123456"),
        ("", PIN),
        ("A\u202eda", PIN),
        ("a" * 65, PIN),
    ],
)
def test_first_member_needs_an_allowed_name_and_six_digits(
    staff: StaffRegistry, name: str, pin: str
) -> None:
    with pytest.raises(PolicyError):
        staff.add_first(name, pin)
    assert staff.empty


def test_wrong_name_wrong_pin_and_locked_read_the_same_and_cost_the_same(
    staff: StaffRegistry, ada: StaffMember, hasher: CountingHasher
) -> None:
    sentences = {
        refused(staff, "Bob", PIN),
        refused(staff, "\0", PIN),
        refused(staff, "Ada", "000000"),
    }
    for _ in range(3):
        sentences.add(refused(staff, "Ada", "000000"))
    sentences.add(refused(staff, "Ada", PIN))
    assert len(sentences) == 1
    assert len(hasher.verified) == 4 + 3  # one hash each time, known or not
    own = json.loads((staff._file.path).read_text())["records"][0]["pin_hash"]
    assert hasher.verified.count(own) == 3  # one that has to wait is not judged


def test_wrong_pins_make_wait_twice_as_long_each_time_and_never_lock(
    staff: StaffRegistry, ada: StaffMember, tmp_path: Path, hasher: CountingHasher
) -> None:
    for _ in range(2):
        refused(staff, "Ada", "000000")
    for wait_s in (60, 120, 240, 480, 960, 1920, 3600, *[3600] * 30):
        refused(staff, "Ada", "000000")
        assert staff.names() == [("Ada", True)]
        CLOCK.seconds += wait_s - 0.5
        refused(opened(tmp_path, hasher), "Ada", PIN)  # not judged, and not counted
        CLOCK.seconds += 0.5
        assert staff.names() == [("Ada", False)]
    assert staff.sign_in("Ada", PIN, place=Place.COMMAND_LINE) == ada


def test_restart_begins_the_wait_again(
    staff: StaffRegistry, ada: StaffMember, tmp_path: Path, hasher: CountingHasher
) -> None:
    for _ in range(3):
        refused(staff, "Ada", "000000")
    CLOCK.boot, CLOCK.seconds = "second", 5.0
    again = opened(tmp_path, hasher)
    refused(again, "Ada", PIN)
    CLOCK.seconds += 59.5
    refused(again, "Ada", PIN)
    CLOCK.seconds += 0.5
    assert again.sign_in("Ada", PIN) == ada


def test_a_stranger_at_the_screen_holds_nobody_out_of_the_command_line(
    staff: StaffRegistry, ada: StaffMember
) -> None:
    for _ in range(3):
        refused(staff, "Ada", "000000", Place.SCREEN)
    refused(staff, "Ada", PIN, Place.SCREEN)
    assert staff.sign_in("Ada", PIN, place=Place.COMMAND_LINE) == ada
    refused(staff, "Ada", PIN, Place.SCREEN)  # the right PIN elsewhere frees no guess here
    staff.unlock("ADA")
    assert staff.sign_in("Ada", PIN) == ada


def test_third_try_may_be_the_right_one_and_clears_the_counter(
    staff: StaffRegistry, ada: StaffMember
) -> None:
    for _ in range(3):
        for _ in range(2):
            refused(staff, "Ada", "000000")
        assert staff.sign_in("Ada", PIN, place=Place.COMMAND_LINE) == ada


def test_of_thirty_sign_ins_at_once_three_are_judged(
    staff: StaffRegistry, ada: StaffMember, hasher: CountingHasher
) -> None:
    own = json.loads((staff._file.path).read_text())["records"][0]["pin_hash"]
    barrier = threading.Barrier(30)

    def guess() -> None:
        barrier.wait()
        refused(staff, "Ada", "000000")

    threads = [threading.Thread(target=guess) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert hasher.verified.count(own) == 3


def test_every_sign_in_is_logged_before_it_is_judged_and_after(
    staff: StaffRegistry, ada: StaffMember, hasher: CountingHasher, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told() -> list[tuple[object, ...]]:
        entries = staff._log.tail(9, "sign-in")
        return [
            tuple(each.get(x) for x in ("step", "staff", "outcome", "place")) for each in entries
        ]

    verify, before = hasher.verify, []

    def noted(*arguments: str) -> bool:
        before.append(told()[-1])
        return verify(*arguments)

    monkeypatch.setattr(hasher, "verify", noted)
    refused(staff, "ada", "000000", Place.SCREEN)
    refused(staff, "nobody", "000000")
    staff.sign_in("Ada", PIN)
    begun = [("begun", who, None, place) for who, place in
             (("Ada", "screen"), (None, "command line"), ("Ada", "screen"))]  # fmt: skip
    assert before == begun
    done = [(who, outcome, place) for step, who, outcome, place in told() if step == "done"]
    assert done == [
        ("Ada", "refused", "screen"),
        (None, "refused", "command line"),
        ("Ada", "granted", "screen"),
    ]


def test_nobody_signs_in_where_it_cannot_be_logged(
    staff: StaffRegistry, ada: StaffMember, hasher: CountingHasher, tmp_path: Path
) -> None:
    (tmp_path / "audit.jsonl").mkdir()
    with pytest.raises(AuditError):
        staff.sign_in("Ada", PIN, place=Place.COMMAND_LINE)
    assert hasher.verified == []


def test_wrong_sign_ins_at_the_screen_pause_it(staff: StaffRegistry, ada: StaffMember) -> None:
    staff.sign_in("Ada", PIN)
    for _ in range(10):
        refused(staff, "nobody", "000000", Place.SCREEN)
    with pytest.raises(SignInPausedError) as caught:
        staff.sign_in("Ada", PIN)
    assert caught.value.pause_s == 30.0
    assert [each["seconds"] for each in staff._log.tail(9, "pause")] == [30.0]
    assert staff.sign_in("Ada", PIN, place=Place.COMMAND_LINE) == ada
    CLOCK.seconds += 30
    assert staff.sign_in("Ada", PIN) == ada


def test_a_lock_of_the_program_as_it_was_before_is_a_wait(
    staff: StaffRegistry, ada: StaffMember, tmp_path: Path
) -> None:
    (entry,) = json.loads((tmp_path / "staff.json").read_text())["records"]
    with staff._attempts._database.transaction() as rows:  # type: ignore[attr-defined]
        rows.put("wrong_pins", entry["staff_id"], 5, None)  # as the upgrade writes it
    refused(staff, "Ada", PIN, Place.SCREEN)
    CLOCK.seconds += 240
    assert staff.sign_in("Ada", PIN) == ada


def test_unlocking_nobody_is_an_error(staff: StaffRegistry, ada: StaffMember) -> None:
    with pytest.raises(StaffError, match="no member"):
        staff.unlock("Bob")


def test_hash_is_bound_to_the_member_and_the_pin_is_not_kept(
    staff: StaffRegistry, ada: StaffMember, tmp_path: Path, hasher: CountingHasher
) -> None:
    long_pin = "246813905172"  # so long that no hash and no MAC holds it by chance
    staff.change_pin("Ada", PIN, long_pin)
    text = (tmp_path / "staff.json").read_text()
    assert long_pin not in text
    (entry,) = json.loads(text)["records"]
    assert hasher.verify(entry["pin_hash"], entry["staff_id"], long_pin)
    assert not hasher.verify(entry["pin_hash"], "0" * 32, long_pin)
    assert stat.S_IMODE((tmp_path / "staff.json").stat().st_mode) == 0o600


GOOD = {"staff_id": "a" * 32, "name": "Ada", "pin_hash": "x"}


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{}",
        b'{"version": 1, "records": []}',
        b'{"version": 2, "generation": 1, "mac": "", "records": []}',
        [{}],
        [{**GOOD, "staff_id": 1}],
        [{**GOOD, "name": " Ada"}],
        [{**GOOD, "pin_hash": ""}],
        [GOOD, {**GOOD, "name": "Bob"}],
        [GOOD, {**GOOD, "staff_id": "b" * 32, "name": "ADA"}],
    ],
)
def test_damaged_list_is_named_and_never_taken_for_an_empty_one(
    staff: StaffRegistry, tmp_path: Path, damage: bytes | list[dict[str, object]]
) -> None:
    path = tmp_path / "staff.json"
    if isinstance(damage, list):  # with a seal, so that what it says is judged
        RecordFile(path, lambda raw: raw, SEAL).rewrite(damage, 1)
        damage = path.read_bytes()
    path.write_bytes(damage)
    for call in (
        lambda: staff.empty,
        lambda: staff.add_first("Eve", PIN),
        lambda: staff.sign_in("Ada", PIN),
        lambda: staff.unlock("Ada"),
        lambda: staff.names(),
        lambda: staff.add("Eve", PIN, signed=StaffMember("Ada")),
        lambda: staff.change_pin("Ada", PIN, OTHER_PIN),
    ):
        with pytest.raises(StaffError, match=r"staff\.json is damaged") as caught:
            call()
        assert not isinstance(caught.value, StaffSignInError)
    assert path.read_bytes() == damage


def test_damaged_hash_is_a_fault_and_no_wrong_pin(
    staff: StaffRegistry, ada: StaffMember, tmp_path: Path
) -> None:
    path = tmp_path / "staff.json"
    RecordFile(path, lambda raw: raw, SEAL).change(lambda raw: [{**raw[0], "pin_hash": "x"}])
    with pytest.raises(StaffError) as caught:
        staff.sign_in("Ada", PIN)
    assert not isinstance(caught.value, StaffSignInError)


def test_of_two_processes_one_makes_the_first_member(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", ADD_FIRST, str(tmp_path), name],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("Ada", "Bob", "Cyd")
    ]
    for process in processes:
        assert process.stdout and process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    said = sorted(process.communicate()[0].strip() for process in processes)
    assert said == ["first", "late", "late"]
    assert len(json.loads((tmp_path / "staff.json").read_text())["records"]) == 1


@pytest.fixture
def both(staff: StaffRegistry, ada: StaffMember) -> Signatures:
    return Signatures(ada, staff.add("Bob", OTHER_PIN, signed=ada))


@pytest.mark.parametrize("other", ["Ada", "ADA", "Ａda"])
def test_nobody_signs_twice(other: str) -> None:
    with pytest.raises(SecondSignatureError, match=r"^A second member of staff must sign\.$"):
        Signatures(StaffMember("Ada"), StaffMember(other))


def test_the_only_member_adds_the_second_and_two_add_the_third(
    staff: StaffRegistry, ada: StaffMember
) -> None:
    bob = staff.add("Bob", OTHER_PIN, signed=ada)
    assert staff.sign_in("bob", OTHER_PIN) == bob
    with pytest.raises(SecondSignatureError):
        staff.add("Cyd", PIN, signed=ada)
    assert staff.names() == [("Ada", False), ("Bob", False)]
    cyd = staff.add("Cyd", PIN, signed=Signatures(ada, bob))
    assert staff.sign_in("Cyd", PIN) == cyd
    assert [name for name, _ in staff.names()] == ["Ada", "Bob", "Cyd"]


@pytest.mark.parametrize("name", ["Bob", " BOB "])
def test_name_is_taken_only_once(staff: StaffRegistry, both: Signatures, name: str) -> None:
    with pytest.raises(StaffError, match="already"):
        staff.add(name, PIN, signed=both)
    assert len(staff.names()) == 2


@pytest.mark.parametrize(("name", "pin"), [("", PIN), ("Cyd", "12345"), ("Cyd", "112233")])
def test_another_member_needs_an_allowed_name_and_pin(
    staff: StaffRegistry, both: Signatures, name: str, pin: str
) -> None:
    with pytest.raises(PolicyError):
        staff.add(name, pin, signed=both)
    assert len(staff.names()) == 2


def test_who_was_removed_signs_in_and_signs_no_more(
    staff: StaffRegistry, both: Signatures, tmp_path: Path
) -> None:
    cyd = staff.add("Cyd", PIN, signed=both)
    staff.remove("BOB", signed=both)
    refused(staff, "Bob", OTHER_PIN)
    for act in (
        lambda: staff.add("Dan", PIN, signed=both),
        lambda: staff.remove("Cyd", signed=both),
    ):
        with pytest.raises(StaffError, match="no member of staff Bob"):
            act()
    staff.remove("Ada", signed=Signatures(both.first, cyd))
    assert staff.names() == [("Cyd", False)]


def test_nothing_but_the_log_names_who_was_removed(
    staff: StaffRegistry, both: Signatures, tmp_path: Path
) -> None:
    staff.add("Zerubbabel", PIN, signed=both)  # so long that no hash holds it by chance
    refused(staff, "Zerubbabel", "000000")
    staff_id = staff._file.read()["zerubbabel"].staff_id

    def found() -> bool:
        files = b"".join(each.read_bytes() for each in tmp_path.glob("staff*"))
        assert b"Zerubbabel" not in files
        return staff_id.encode() in files

    assert found()
    staff.remove("Zerubbabel", signed=both)
    assert not found()


def test_the_last_member_cannot_be_removed(staff: StaffRegistry, both: Signatures) -> None:
    staff.remove("Bob", signed=both)
    with pytest.raises(StaffError, match="no member of staff Bob"):
        staff.remove("Ada", signed=both)
    assert staff.names() == [("Ada", False)]


def test_removing_nobody_is_an_error(staff: StaffRegistry, both: Signatures) -> None:
    with pytest.raises(StaffError, match="no member of staff Eve"):
        staff.remove("Eve", signed=both)


def test_nothing_is_counted_of_a_removed_member(
    staff: StaffRegistry, both: Signatures, tmp_path: Path
) -> None:
    staff.add("Cyd", PIN, signed=both)
    cyd = json.loads((tmp_path / "staff.json").read_text())["records"][2]["staff_id"]
    for place in (*[Place.SCREEN] * 3, *[Place.COMMAND_LINE] * 3):
        refused(staff, "Cyd", OTHER_PIN, place)
    assert ("Cyd", True) in staff.names()
    staff.remove("Cyd", signed=both)
    left = WrongPins(tmp_path / "staff.sqlite", SEAL, CLOCK)
    assert not any(left.waits(cyd, place) for place in Place)
    staff.add("Cyd", PIN, signed=both)
    assert ("Cyd", False) in staff.names()


def test_changed_pin_takes_the_place_of_the_old_one(
    staff: StaffRegistry, both: Signatures, tmp_path: Path
) -> None:
    staff.change_pin("ada", PIN, "718293")
    refused(staff, "Ada", PIN)
    assert staff.sign_in("Ada", "718293") == both.first
    assert staff.sign_in("Bob", OTHER_PIN) == both.second
    current = (tmp_path / "staff.json").read_bytes()
    assert (tmp_path / "staff.json.previous").read_bytes() == current  # the old hash is gone


def test_change_of_pin_needs_the_old_one_and_counts_wrong_ones(
    staff: StaffRegistry, ada: StaffMember
) -> None:
    for _ in range(3):
        with pytest.raises(StaffSignInError):
            staff.change_pin("Ada", "000000", "718293")
    with pytest.raises(StaffSignInError):
        staff.change_pin("Ada", PIN, "718293")
    staff.unlock("Ada")
    for weak in ("123456", "71829", "", "71829a"):
        with pytest.raises(PolicyError):
            staff.change_pin("Ada", PIN, weak)
    assert staff.sign_in("Ada", PIN) == ada


def test_no_flipped_bit_and_no_forged_record_is_accepted(
    staff: StaffRegistry, both: Signatures, tmp_path: Path, hasher: CountingHasher
) -> None:
    path, rng = tmp_path / "staff.json", random.Random(6)
    older = [path.read_bytes()]
    staff.add("Cyd", PIN, signed=both)
    assert flips(path, lambda: opened(tmp_path, hasher).names(), 300, rng) == []
    assert forgeries(path, staff.names, 100, rng, older) == []
    assert staff_file(tmp_path / "staff.json", SEAL).generation == 3
