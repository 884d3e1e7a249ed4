"""Named staff, the first one only once, and a sign-in that gives nothing away."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from atm.staff import STAFF_LIMIT, StaffError, StaffMember, StaffRegistry, StaffSignInError
from credentials.attempts import Attempts
from credentials.hashing import PinHasher
from credentials.policy import PolicyError

ROOT = Path(__file__).parents[2]
PIN = "246813"

ADD_FIRST = """
import sys
from pathlib import Path
from argon2 import PasswordHasher
from atm.staff import StaffError, StaffRegistry
from credentials.attempts import Attempts
from credentials.hashing import PinHasher
folder = Path(sys.argv[1])
hasher = PinHasher(bytes(32), PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
registry = StaffRegistry(folder / "staff.json", hasher, Attempts(folder / "a.sqlite", limit=5))
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


@pytest.fixture
def hasher() -> CountingHasher:
    return CountingHasher()


@pytest.fixture
def staff(tmp_path: Path, hasher: CountingHasher) -> StaffRegistry:
    attempts = Attempts(tmp_path / "staff.sqlite", limit=STAFF_LIMIT)
    return StaffRegistry(tmp_path / "staff.json", hasher, attempts)


@pytest.fixture
def ada(staff: StaffRegistry) -> StaffMember:
    return staff.add_first("Ada", PIN)


def refused(staff: StaffRegistry, name: str, pin: str) -> str:
    """Return the sentence with which the sign-in is refused."""
    with pytest.raises(StaffSignInError) as caught:
        staff.sign_in(name, pin)
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
    for _ in range(STAFF_LIMIT):
        sentences.add(refused(staff, "Ada", "000000"))
    sentences.add(refused(staff, "Ada", PIN))
    assert len(sentences) == 1
    assert len(hasher.verified) == 4 + STAFF_LIMIT  # one hash each time, known or not
    own = json.loads((staff._file.path).read_text())["records"][0]["pin_hash"]
    assert hasher.verified.count(own) == STAFF_LIMIT  # a locked one is not judged


def test_five_wrong_pins_lock_even_the_right_one_across_restarts(
    staff: StaffRegistry, ada: StaffMember, tmp_path: Path, hasher: CountingHasher
) -> None:
    for _ in range(STAFF_LIMIT):
        refused(staff, "Ada", "000000")
    again = StaffRegistry(
        tmp_path / "staff.json", hasher, Attempts(tmp_path / "staff.sqlite", limit=STAFF_LIMIT)
    )
    refused(again, "Ada", PIN)
    again.unlock("ADA")
    assert staff.sign_in("Ada", PIN) == ada


def test_fifth_try_may_be_the_right_one_and_clears_the_counter(
    staff: StaffRegistry, ada: StaffMember
) -> None:
    for _ in range(3):
        for _ in range(STAFF_LIMIT - 1):
            refused(staff, "Ada", "000000")
        assert staff.sign_in("Ada", PIN) == ada


def test_unlocking_nobody_is_an_error(staff: StaffRegistry, ada: StaffMember) -> None:
    with pytest.raises(StaffError, match="no member"):
        staff.unlock("Bob")


def test_hash_is_bound_to_the_member_and_the_pin_is_not_kept(
    staff: StaffRegistry, ada: StaffMember, tmp_path: Path, hasher: CountingHasher
) -> None:
    text = (tmp_path / "staff.json").read_text()
    assert PIN not in text
    (entry,) = json.loads(text)["records"]
    assert hasher.verify(entry["pin_hash"], entry["staff_id"], PIN)
    assert not hasher.verify(entry["pin_hash"], "0" * 32, PIN)
    assert stat.S_IMODE((tmp_path / "staff.json").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{}",
        b'{"version": 2, "records": []}',
        b'{"version": 1, "records": [{}]}',
        b'{"version": 1, "records": [{"staff_id": 1, "name": "Ada", "pin_hash": "x"}]}',
        b'{"version": 1, "records": [{"staff_id": "'
        + b"a" * 32
        + b'", "name": " Ada", "pin_hash": "x"}]}',
    ],
)
def test_damaged_list_is_named_and_never_taken_for_an_empty_one(
    staff: StaffRegistry, tmp_path: Path, damage: bytes
) -> None:
    path = tmp_path / "staff.json"
    path.write_bytes(damage)
    for call in (
        lambda: staff.empty,
        lambda: staff.add_first("Eve", PIN),
        lambda: staff.sign_in("Ada", PIN),
        lambda: staff.unlock("Ada"),
    ):
        with pytest.raises(StaffError, match=r"staff\.json is damaged") as caught:
            call()
        assert not isinstance(caught.value, StaffSignInError)
    assert path.read_bytes() == damage


def test_damaged_hash_is_a_fault_and_no_wrong_pin(
    staff: StaffRegistry, ada: StaffMember, tmp_path: Path
) -> None:
    path = tmp_path / "staff.json"
    document = json.loads(path.read_text())
    document["records"][0]["pin_hash"] = "x"
    path.write_text(json.dumps(document))
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
