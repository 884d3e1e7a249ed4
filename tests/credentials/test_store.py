"""Tests of the JSON store: loses nothing, reads strictly, never overwrites a damaged file."""

import dataclasses
import hmac
import json
import os
import random
import re
import signal
import stat
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from credentials.credential_record import LATER_FIELDS, CredentialRecord
from credentials.errors import (
    DamagedStoreError,
    DuplicateUserError,
    StaleRecordError,
    StoreError,
    UnknownUserError,
)
from credentials.sealed import files, record_file
from credentials.sealed.seal import Seal
from credentials.store import JsonStore
from tests.attacks import flips, forgeries

SEAL = Seal(bytes(32))
NOW = "2026-11-23T10:00:00+00:00"

# Adds records for ever, saying each id once it is stored.
ADD_FOR_EVER = """
import sys, uuid
from pathlib import Path
from credentials.sealed.seal import Seal
from credentials.credential_record import CredentialRecord
from credentials.store import JsonStore
store = JsonStore(Path(sys.argv[1]), Seal(bytes(32)))
now = "2026-11-23T10:00:00+00:00"
while True:
    name = uuid.uuid4().hex
    store.add(CredentialRecord(name, name, "Full Name", "hash", "template", now, now))
    print(name, flush=True)
"""

ADD_MANY = """
import sys, uuid
from pathlib import Path
from credentials.sealed.seal import Seal
from credentials.credential_record import CredentialRecord
from credentials.store import JsonStore
store = JsonStore(Path(sys.argv[1]), Seal(bytes(32)))
now = "2026-11-23T10:00:00+00:00"
sys.stdin.readline()
for number in range(int(sys.argv[3])):
    store.add(CredentialRecord(
        uuid.uuid4().hex, f"{sys.argv[2]} {number}", "Full Name", None, None, None, now))
"""

# Dies where a power cut hurts most: the new file is written, the old one still in place.
DIE_BEFORE_RENAME = """
import os, signal, sys
from pathlib import Path
from credentials.sealed.seal import Seal
from credentials.credential_record import CredentialRecord
from credentials.store import JsonStore
replace = Path.replace
def replace_or_die(source, target):
    if target.name == "credentials.json":
        os.kill(os.getpid(), signal.SIGKILL)
    return replace(source, target)
Path.replace = replace_or_die
now = "2026-11-23T10:00:00+00:00"
JsonStore(Path(sys.argv[1]), Seal(bytes(32))).add(
    CredentialRecord("f" * 32, "never", "Full Name", None, None, None, now))
"""

# The file may not grow beyond so many bytes: the kernel cuts the write short.
ADD_ON_A_FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from credentials.errors import StoreError
from credentials.sealed.seal import Seal
from credentials.credential_record import CredentialRecord
from credentials.store import JsonStore
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
now = "2026-11-23T10:00:00+00:00"
try:
    JsonStore(Path(sys.argv[1]), Seal(bytes(32))).add(
        CredentialRecord("f" * 32, "never", "Full Name", None, None, None, now))
except StoreError as error:
    print(error)
"""


# Dies before the call of that number that would change the disk.
DIE_AT_STEP = """
import dataclasses, os, signal, sys
from pathlib import Path
from credentials.sealed.seal import Seal
from credentials.credential_record import CredentialRecord
from credentials.store import JsonStore
left = int(sys.argv[4])
def counted(real):
    def call(*arguments, **options):
        global left
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        return real(*arguments, **options)
    return call
store = JsonStore(Path(sys.argv[1]), Seal(bytes(32)))
found = store.by_id(sys.argv[2])
for name in ("fsync", "link", "unlink"):
    setattr(os, name, counted(getattr(os, name)))
for name in ("replace", "unlink"):
    setattr(Path, name, counted(getattr(Path, name)))
if sys.argv[3] == "add":
    store.add(dataclasses.replace(found, customer_id="d" * 32, username="dave"))
elif sys.argv[3] == "replace":
    store.replace(dataclasses.replace(found, pin_hash="new"))
else:
    store.remove(found.customer_id)
"""


def record(username: str, /, **changed: Any) -> CredentialRecord:
    plain = CredentialRecord(
        uuid.uuid4().hex, username, f"{username} Smith", "$argon2id$x", uuid.uuid4().hex, NOW, NOW
    )
    return dataclasses.replace(plain, **changed)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "credentials.json"


@pytest.fixture
def store(path: Path) -> JsonStore:
    return JsonStore(path, SEAL)


def test_without_a_file_there_is_nobody_and_reading_makes_none(
    store: JsonStore, path: Path
) -> None:
    assert store.get("alice") is None
    assert store.all() == []
    assert list(path.parent.iterdir()) == []


def test_record_comes_back_by_any_spelling_of_its_name(path: Path) -> None:
    zoe = record("Zoë", full_name="Zoë O'Neil “Z”")
    JsonStore(path, SEAL).add(zoe)
    store = JsonStore(path, SEAL)
    assert store.get(" ZOE\u0308 ") == zoe
    assert store.by_id(zoe.customer_id) == zoe
    assert store.all() == [zoe]


@pytest.mark.parametrize("name", ["", "\0", "a" * 10_000_000, "\ud800", "nobody"])
def test_name_that_cannot_be_is_an_unknown_one(store: JsonStore, name: str) -> None:
    store.add(record("alice"))
    assert store.get(name) is None


def test_name_that_differs_in_case_is_taken(store: JsonStore) -> None:
    store.add(record("Straße"))
    with pytest.raises(DuplicateUserError):
        store.add(record("STRASSE"))
    assert len(store.all()) == 1


def test_id_cannot_be_taken_twice(store: JsonStore) -> None:
    alice = record("alice")
    store.add(alice)
    with pytest.raises(ValueError, match="earlier"):
        store.add(record("bob", customer_id=alice.customer_id))
    assert store.all() == [alice]


def test_replace_keeps_the_order_and_the_others(store: JsonStore) -> None:
    alice, bob = record("alice", pin_hash=None), record("bob")
    store.add(alice)
    store.add(bob)
    whole = dataclasses.replace(alice, pin_hash="$argon2id$y")
    store.replace(whole)
    assert store.all() == [whole, bob]


def test_replace_cannot_take_a_neighbours_name_nor_invent_a_customer(store: JsonStore) -> None:
    alice, bob = record("alice"), record("bob")
    store.add(alice)
    store.add(bob)
    with pytest.raises(DuplicateUserError):
        store.replace(dataclasses.replace(bob, username="ALICE"))
    with pytest.raises(UnknownUserError):
        store.replace(record("carol"))
    assert store.all() == [alice, bob]


def test_replace_may_change_the_case_of_ones_own_name(store: JsonStore) -> None:
    alice = record("alice")
    store.add(alice)
    store.replace(dataclasses.replace(alice, username="Alice"))
    assert [each.username for each in store.all()] == ["Alice"]


def test_removed_record_is_gone_from_the_file_and_its_name_is_free(
    store: JsonStore, path: Path
) -> None:
    alice, bob = record("alice"), record("bob")
    store.add(alice)
    store.add(bob)
    store.remove(alice.customer_id)
    assert alice.customer_id not in path.read_text()
    assert store.all() == [bob]
    with pytest.raises(UnknownUserError):
        store.remove(alice.customer_id)
    store.add(record("alice"))


@pytest.mark.parametrize(
    ("pin_hash", "template_id", "pending"),
    [("h", "t", False), (None, "t", True), ("h", None, True), (None, None, True)],
)
def test_record_is_pending_until_it_has_pin_and_face(
    pin_hash: str | None, template_id: str | None, pending: bool
) -> None:
    assert record("alice", pin_hash=pin_hash, template_id=template_id).pending is pending


@pytest.mark.parametrize(
    "wrong",
    [
        {"customer_id": "1"},
        {"customer_id": "../../etc/passwd"},
        {"username": " alice"},
        {"username": "Ａlice"},
        {"full_name": ""},
        {"pin_hash": ""},
        {"template_id": "../alice"},
        {"created_at": "yesterday"},
        {"created_at": "2026-11-23T10:00:00"},
        {"consent_at": "2026-11-23T10:00:00+02:00"},
        {"pin_hash": "x" * 257},
        {"excused": ""},
        {"excused": "Look up"},
        {"excused": "look_up,"},
        {"excused": ",".join(["look_up"] * 11)},
        {"excused": "x" * 41},
        {"template_id": "x" * 65},
    ],
)
def test_record_that_could_not_be_read_back_is_not_written(
    store: JsonStore, path: Path, wrong: dict[str, str]
) -> None:
    store.add(record("bob"))
    before = path.read_bytes()
    with pytest.raises(ValueError, match="record 2"):
        store.add(record("alice", **wrong))
    assert path.read_bytes() == before


def test_the_longest_fields_are_kept(store: JsonStore) -> None:
    excused = ",".join(["x" * 40] * 10)
    longest = record("alice", pin_hash="x" * 256, template_id="-_9Zz" * 12 + "x" * 4)
    store.add(dataclasses.replace(longest, excused=excused))
    assert store.all() == [dataclasses.replace(longest, excused=excused)]


def test_a_record_is_replaced_only_while_it_is_as_it_was_seen(store: JsonStore) -> None:
    alice = record("alice")
    store.add(alice)
    changed = dataclasses.replace(alice, full_name="Alice King")
    store.replace(changed, instead_of=alice)
    with pytest.raises(StaleRecordError):
        store.replace(dataclasses.replace(alice, pin_hash="new"), instead_of=alice)
    assert store.all() == [changed]


def test_a_part_of_the_username_or_of_the_full_name_is_found_whatever_the_case(
    store: JsonStore,
) -> None:
    for username, full_name in (("zoe", "Ada King"), ("kingfisher", "Bob"), ("ada", "Ada Doe")):
        store.add(record(username, full_name=full_name))
    assert [each.username for each in store.find(" KING ", 9)] == ["kingfisher", "zoe"]
    assert [each.username for each in store.find("", 2)] == ["ada", "kingfisher"]
    assert store.find("nobody", 9) == []


def test_files_are_the_owners_only_from_their_creation(
    store: JsonStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = os.umask(0)
    seen = []
    replace = Path.replace
    monkeypatch.setattr(
        Path, "replace", lambda a, b: (seen.append(a.stat().st_mode), replace(a, b))[1]
    )
    try:
        store.add(record("alice"))
    finally:
        os.umask(old)
    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()}
    assert modes == {"credentials.json": 0o600, "credentials.json.lock": 0o600}
    assert [stat.S_IMODE(mode) for mode in seen] == [0o600]


def test_data_is_on_disk_before_the_rename_and_the_folder_after(
    store: JsonStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = []
    fsync, replace = os.fsync, Path.replace

    def noted_fsync(handle: int) -> None:
        steps.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        fsync(handle)

    def noted_replace(source: Path, target: Path) -> Path:
        steps.append("rename")
        return replace(source, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    store.add(record("alice"))
    assert steps == ["file", "rename", "folder"]
    steps.clear()
    store.add(record("bob"))
    assert steps == ["rename", "file", "rename", "folder"]  # first the previous copy, by a link


GOOD = [
    {
        name: each
        for name, each in dataclasses.asdict(record(who)).items()
        if name not in LATER_FIELDS
    }
    for who in ("a", "b")
]


def stored(record: Any, mac: str) -> dict[str, object]:
    """Return the record as it stands in a file: its names encrypted, with its id and MAC."""
    secret = {name: record[name] for name in ("full_name", "username") if name in record}
    key = hmac.digest(bytes(32), b"two-factor-atm fields", "sha256")
    text, owner = json.dumps(secret, sort_keys=True), record["customer_id"]
    hidden = AESGCM(key).encrypt(bytes.fromhex(mac)[:12], text.encode(), owner.encode()).hex()
    return {name: each for name, each in record.items() if name not in secret} | {"sealed": hidden}


def sealed(*records: object, generation: int = 1, version: int = 3) -> bytes:
    """Return the document that the format asks for, whatever the records say."""
    macs = [
        SEAL.mac("credentials.json/record", json.dumps(each, sort_keys=True)).hex()
        for each in records
    ]
    mac = SEAL.mac("credentials.json/file", version, generation, *macs).hex()
    texts = records if version == 2 else map(stored, records, macs)
    lines = ",\n".join(
        f'{json.dumps(each, sort_keys=True)[:-1]}, "mac": "{mac}"}}'
        for each, mac in zip(texts, macs, strict=True)
    )
    return (
        f'{{"version": {version}, "generation": {generation}, "mac": "{mac}", "records": ['
        f"\n{lines}\n]}}\n"
    ).encode()


def changed(**fields: Any) -> bytes:
    return sealed(GOOD[0], {**GOOD[1], **fields})


def unsealed(version: object) -> bytes:
    return json.dumps({"version": version, "records": GOOD}).encode()


DAMAGED = {
    "empty": b"",
    "cut off": sealed(*GOOD)[:-20],
    "not UTF-8": b"\xff" + sealed(*GOOD),
    "NUL bytes": bytes(100),
    "no object": b"[]",
    "text": b'"records"',
    "deep": b"[" * 200_000,
    "deep record": sealed(*GOOD).replace(b'"$argon2id$x"', b"[" * 900 + b"]" * 900, 1),
    "number of a million digits": b'{"version": ' + b"1" * 1_000_000 + b', "records": []}',
    "infinity": sealed(*GOOD).replace(b'"$argon2id$x"', b"Infinity", 1),
    "no version": b'{"records": []}',
    "version as text": unsealed("2"),
    "version as truth": unsealed(True),
    "version 1, without a seal": unsealed(1),
    "version 2 without a seal": unsealed(2),
    "version 3 without a seal": unsealed(3),
    "future version": sealed(*GOOD, version=4),
    "no records": b'{"version": 3, "generation": 1, "mac": ""}',
    "generation 0": sealed(*GOOD, generation=0),
    "more beside": sealed(*GOOD).replace(b'"records"', b'"more": 1, "records"'),
    "records no list": sealed().replace(b"[\n\n]", b"{}"),
    "record no object": sealed().replace(b"[\n\n]", b"[1]"),
    "key twice": b'{"version": 3, ' + sealed(*GOOD)[1:],
    "key twice inside": sealed(*GOOD).replace(b'"created_at"', b'"consent_at"', 1),
    "mac missing": sealed(*GOOD).replace(b', "mac"', b', "mad"', 2),
    "mac in capitals": sealed(*GOOD).replace(b'"mac": "', b'"mac": "A', 1),
    "spaces that JSON passes over": sealed(*GOOD) + b"\n",
    "field missing": sealed(GOOD[0], {k: v for k, v in GOOD[1].items() if k != "pin_hash"}),
    "field more": changed(more=1),
    "number for text": changed(username=1),
    "null for text": changed(full_name=None),
    "list for hash": changed(pin_hash=["x"]),
    "number for consent": changed(consent_at=1.5),
    "name twice": changed(username="A"),
    "name not normal": changed(username="\ufb01"),
    "half a pair": changed(full_name="\ud800"),
    "path for template": changed(template_id="../x"),
    "time without zone": changed(created_at="2026-11-23"),
}


DAMAGED |= {
    "names of another": sealed(*GOOD).replace(
        *(re.search(rb'"sealed": "[0-9a-f]+"', sealed(each)).group() for each in GOOD), 1
    ),
    "names in clear, in the version of today": sealed(*GOOD, version=2).replace(b"2", b"3", 1),
    "names encrypted, in the version before": sealed(*GOOD).replace(b"3", b"2", 1),
    "names no text": sealed(*GOOD).replace(b'"sealed": "', b'"sealed": 1, "more": "', 1),
    "names no digits": sealed(*GOOD).replace(b'"sealed": "', b'"sealed": "x', 1),
}


@pytest.mark.parametrize("version", [2, 3])
def test_names_in_clear_are_read_and_written_encrypted(
    store: JsonStore, path: Path, version: int
) -> None:
    named = [{**each, "full_name": f"Zoë Quixote-{each['username']}"} for each in GOOD]
    path.write_bytes(sealed(*named, version=version))
    assert [each.full_name for each in store.all()] == ["Zoë Quixote-a", "Zoë Quixote-b"]
    assert (b"Quixote" in path.read_bytes()) == (version == 2)
    before = store.record_mac(GOOD[0]["customer_id"])
    store.add(record("c"))
    assert store.record_mac(GOOD[0]["customer_id"]) == before
    for file in path.parent.iterdir():
        hidden = b"Quixote" not in file.read_bytes()
        assert hidden or (version, file.suffix) == (2, ".previous"), file
    store.remove(GOOD[1]["customer_id"])
    assert b"Quixote" not in b"".join(each.read_bytes() for each in path.parent.iterdir())


def test_equal_names_of_two_customers_are_not_equal_on_the_disk(
    store: JsonStore, path: Path
) -> None:
    for name in ("alice", "bob"):
        store.add(dataclasses.replace(record(name), full_name="Maria Lopez"))
    one, other = (each["sealed"] for each in json.loads(path.read_bytes())["records"])
    assert len(one) == len(other) + 4 and one[:20] != other[:20]


@pytest.mark.parametrize("damage", DAMAGED)
def test_damaged_file_is_reported_with_its_path_and_never_written(
    store: JsonStore, path: Path, damage: str
) -> None:
    path.write_bytes(DAMAGED[damage])
    calls = [
        lambda: store.get("a"),
        lambda: store.by_id("a"),
        store.all,
        lambda: store.add(record("new")),
        lambda: store.replace(record("a")),
        lambda: store.remove("a"),
    ]
    for call in calls:
        with pytest.raises(DamagedStoreError) as caught:
            call()
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)
    assert path.read_bytes() == DAMAGED[damage]


def test_the_undamaged_document_of_these_tests_reads(store: JsonStore, path: Path) -> None:
    path.write_bytes(sealed(*GOOD, generation=41))
    assert [each.username for each in store.all()] == ["a", "b"]
    assert store.generation == 41
    store.remove(GOOD[0]["customer_id"])
    assert path.read_bytes() == sealed(GOOD[1], generation=42)


def test_folder_or_fifo_in_place_of_the_file_is_damage_and_no_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    for name in ("fifo", "folder"):
        with pytest.raises(DamagedStoreError, match=name):
            JsonStore(tmp_path / name, SEAL).all()


def test_damage_is_seen_after_good_reads_and_so_is_its_repair(store: JsonStore, path: Path) -> None:
    store.add(record("alice"))
    kept = path.read_bytes()
    assert store.get("alice")
    path.write_bytes(b"{}")
    with pytest.raises(DamagedStoreError):
        store.get("alice")
    path.write_bytes(kept)
    assert store.get("alice")


def test_file_is_read_again_only_when_it_changed(
    store: JsonStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add(record("alice"))
    monkeypatch.setattr(record_file, "_SETTLED_NS", 0)
    reads = []
    read_whole = files.read_whole
    monkeypatch.setattr(files, "read_whole", lambda path: (reads.append(1), read_whole(path))[1])
    for _ in range(5):
        assert store.get("alice")
    assert len(reads) == 1
    JsonStore(path, SEAL).add(record("bob"))
    reads.clear()
    assert store.get("bob")
    assert len(reads) == 1


def test_change_within_one_tick_of_the_clock_is_seen(
    store: JsonStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add(record("alice"))
    assert store.get("alice")
    monkeypatch.setattr(files, "signature", lambda _: store._file._kept[1])  # the same to a stat
    path.write_bytes(path.read_bytes().replace(b'"template_id": "', b'"template_id": "x'))
    with pytest.raises(DamagedStoreError):
        store.get("alice")


def test_four_processes_adding_at_once_lose_nothing_and_readers_see_whole_files(
    path: Path, start_python: Any
) -> None:
    names = ("north", "east", "south", "west")
    writers = [start_python(ADD_MANY, path, name, 25) for name in names]
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    store, seen = JsonStore(path, SEAL), [0]
    while any(writer.poll() is None for writer in writers):
        seen.append(len(store.all()))
    assert [writer.returncode for writer in writers] == [0] * 4
    assert seen == sorted(seen)
    found = [each.username for each in store.all()]
    assert sorted(found) == sorted(f"{name} {number}" for name in names for number in range(25))
    assert store.generation == 100


def test_threads_adding_at_once_lose_nothing(store: JsonStore) -> None:
    def add(name: str) -> None:
        for number in range(10):
            store.add(record(f"{name}{number}"))

    threads = [threading.Thread(target=add, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.all()) == 40


def test_of_two_processes_one_gets_the_name(path: Path, start_python: Any) -> None:
    writers = [start_python(ADD_MANY, path, "same", 1) for _ in range(4)]
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    assert sorted(writer.wait() for writer in writers) == [0, 1, 1, 1]
    assert len(JsonStore(path, SEAL).all()) == 1


def test_killed_writers_leave_every_acknowledged_record(path: Path, start_python: Any) -> None:
    chance = random.Random(3)
    acknowledged: list[str] = []
    for _ in range(12):
        writer = start_python(ADD_FOR_EVER, path)
        acknowledged.append(writer.stdout.readline().strip())  # it is at work now
        time.sleep(chance.uniform(0, 0.05))
        writer.send_signal(signal.SIGKILL)
        # Not communicate(), which loses what readline() has read ahead on a busy machine.
        acknowledged += writer.stdout.read().split()
        writer.wait()
    acknowledged = [name for name in acknowledged if len(name) == 32]
    assert len(acknowledged) >= 12
    stored = [each.username for each in JsonStore(path, SEAL).all()]
    assert set(acknowledged) <= set(stored)
    # One more each at the most: stored, and killed before it could say so.
    assert len(stored) <= len(acknowledged) + 12


def test_crash_before_the_rename_keeps_the_old_file_and_is_cleaned_up(
    store: JsonStore, path: Path, start_python: Any
) -> None:
    store.add(record("alice"))
    before = path.read_bytes()
    crashed = start_python(DIE_BEFORE_RENAME, path)
    assert crashed.wait() == -signal.SIGKILL
    (stray,) = path.parent.glob(".credentials.json.*")
    assert b"f" * 32 in stray.read_bytes()
    assert path.read_bytes() == before
    assert JsonStore(path, SEAL).get("never") is None
    store.add(record("bob"))
    assert not stray.exists()
    assert [each.username for each in store.all()] == ["alice", "bob"]


def test_full_disk_keeps_the_old_file_and_leaves_nothing(
    store: JsonStore, path: Path, start_python: Any
) -> None:
    store.add(record("alice"))
    before = path.read_bytes()
    writer = start_python(ADD_ON_A_FULL_DISK, path, len(before))
    said = writer.communicate()[0]
    assert said.startswith(f"The file {path} cannot be written: ")
    assert path.read_bytes() == before
    assert {each.name for each in path.parent.iterdir()} == {
        path.name,
        f"{path.name}.lock",
        f"{path.name}.previous",
    }


def test_failing_fsync_is_never_acknowledged(
    store: JsonStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add(record("alice"))
    before = path.read_bytes()

    def broken(_: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(StoreError, match="Input/output error"):
        store.add(record("bob"))
    assert path.read_bytes() == before
    assert not list(path.parent.glob(".*.partial"))


def test_missing_folder_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"none is missing\.$"):
        JsonStore(tmp_path / "none" / "credentials.json", SEAL).add(record("alice"))
    assert list(tmp_path.iterdir()) == []


def test_lock_held_elsewhere_is_a_sentence_in_the_end(
    store: JsonStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_LOCK_TIMEOUT_S", 0.05)
    failures = []

    def add() -> None:
        try:
            store.add(record("bob"))
        except StoreError as error:
            failures.append(str(error))

    with files.locked(path):
        thread = threading.Thread(target=add)
        thread.start()
        thread.join()
    assert failures == [f"The file {path} is in use by another program."]
    store.add(record("bob"))


@pytest.fixture
def three(store: JsonStore) -> list[CredentialRecord]:
    people = [record(name, pin_hash=f"$argon2id$ü{name}") for name in ("alice", "bob", "carol")]
    for each in people:
        store.add(each)
    return people


def test_no_flipped_bit_is_accepted(path: Path, three: object) -> None:
    assert flips(path, lambda: JsonStore(path, SEAL).all(), 400, random.Random(6)) == []


def test_no_forged_record_is_accepted(path: Path, three: object) -> None:
    assert forgeries(path, lambda: JsonStore(path, SEAL).all(), 200, random.Random(6)) == []


def test_no_earlier_file_is_accepted_by_who_has_seen_a_later_one(
    store: JsonStore, path: Path
) -> None:
    older = []
    for name in ("alice", "bob", "carol", "dave"):
        store.add(record(name))
        older.append(path.read_bytes())
    assert forgeries(path, store.all, 100, random.Random(6), older[:-1]) == []
    path.write_bytes(older[0])
    with pytest.raises(DamagedStoreError, match="older than it was"):
        store.add(record("eve"))
    path.unlink()
    with pytest.raises(DamagedStoreError, match="gone"):
        store.add(record("eve"))


def test_another_history_of_the_same_length_is_refused(store: JsonStore, path: Path) -> None:
    store.add(record("alice"))
    kept = path.read_bytes()
    store.add(record("bob"))
    path.write_bytes(kept)
    JsonStore(path, SEAL).add(record("eve"))  # one that has not seen Bob
    assert JsonStore(path, SEAL).generation == store._file._kept[0].generation
    with pytest.raises(DamagedStoreError, match="older than it was"):
        store.get("alice")


def test_another_key_or_file_name_opens_nothing(path: Path, three: object) -> None:
    with pytest.raises(DamagedStoreError):
        JsonStore(path, Seal(b"\1" * 32)).all()
    copy = path.with_name("staff.json")
    copy.write_bytes(path.read_bytes())
    with pytest.raises(DamagedStoreError):
        JsonStore(copy, SEAL).all()
    assert JsonStore(copy, SEAL, name="credentials.json").all() == JsonStore(path, SEAL).all()


def test_generation_goes_up_by_one_at_each_change(
    store: JsonStore, path: Path, three: list[CredentialRecord]
) -> None:
    assert JsonStore(path.with_name("none"), SEAL).generation == 0
    assert store.generation == 3
    store.replace(dataclasses.replace(three[0], pin_hash="x"))
    store.remove(three[1].customer_id)
    assert JsonStore(path, SEAL).generation == store.generation == 5
    with pytest.raises(DuplicateUserError):
        store.add(record("carol"))
    assert store.generation == 5


def test_mac_of_a_record_stands_until_the_record_changes(
    store: JsonStore, path: Path, three: list[CredentialRecord]
) -> None:
    alice = three[0]
    mac = store.record_mac(alice.customer_id)
    assert mac == json.loads(path.read_bytes())["records"][0]["mac"]
    store.add(record("dave"))
    assert store.record_mac(alice.customer_id) == mac
    store.replace(dataclasses.replace(alice, pin_hash="x"))
    assert store.record_mac(alice.customer_id) not in (None, mac)
    assert store.record_mac("0" * 32) is None


def previous(path: Path) -> list[str]:
    copy = path.with_name("credentials.json.previous")
    return [each.username for each in JsonStore(copy, SEAL, name=path.name).all()]


def test_previous_copy_is_one_change_behind(store: JsonStore, path: Path) -> None:
    store.add(record("alice"))
    assert not path.with_name("credentials.json.previous").exists()
    for name, before in (("bob", ["alice"]), ("carol", ["alice", "bob"])):
        store.add(record(name))
        assert previous(path) == before


def test_previous_copy_is_one_change_behind_where_nothing_was_changed(
    store: JsonStore, path: Path, three: list[CredentialRecord]
) -> None:
    store.replace(three[0])
    assert store.generation == 4
    copy = JsonStore(path.with_name("credentials.json.previous"), SEAL, name=path.name)
    assert copy.generation == 3


def test_previous_copy_keeps_nothing_of_a_removed_customer_or_an_old_pin(
    store: JsonStore, path: Path, three: list[CredentialRecord]
) -> None:
    alice, bob, carol = three
    store.remove(alice.customer_id)
    assert previous(path) == ["bob", "carol"]
    store.replace(dataclasses.replace(bob, pin_hash="$argon2id$new"))
    left = b"".join(each.read_bytes() for each in path.parent.iterdir())
    for gone in (alice.customer_id, alice.template_id, "alice", json.dumps(bob.pin_hash)[1:-1]):
        assert gone.encode() not in left
    assert carol.customer_id.encode() in left
    copy = path.with_name("credentials.json.previous")
    assert copy.read_bytes() == path.read_bytes()
    assert copy.stat().st_ino != path.stat().st_ino  # so that damage to one spares the other
    store.add(record("dave"))
    store.add(record("erin"))
    assert previous(path) == ["bob", "carol", "dave"]
    assert not list(path.parent.glob(".*.partial"))


@pytest.mark.parametrize("act", ["add", "replace", "remove"])
def test_kill_at_any_step_leaves_a_readable_store_and_no_old_secret_once_it_is_gone(
    store: JsonStore,
    path: Path,
    three: list[CredentialRecord],
    act: str,
    start_python: Any,
) -> None:
    alice = three[0]
    step, code = 0, -signal.SIGKILL
    good = {each.name: each.read_bytes() for each in path.parent.iterdir()}
    while code == -signal.SIGKILL:
        for each in path.parent.iterdir():
            each.unlink()
        for name, data in good.items():
            (path.parent / name).write_bytes(data)
        code = start_python(DIE_AT_STEP, path, alice.customer_id, act, step).wait()
        names = [each.username for each in JsonStore(path, SEAL).all()]
        assert names in (
            ["alice", "bob", "carol"],
            ["alice", "bob", "carol", "dave"] if act == "add" else ["bob", "carol"],
        )
        if act == "remove" and names == ["bob", "carol"]:
            left = [each for each in path.parent.iterdir() if b"alice" in each.read_bytes()]
            assert left == []
        JsonStore(path, SEAL).add(record("zoe"))
        assert not list(path.parent.glob(".*.partial"))
        step += 1
    assert code == 0
    assert step > 5


def test_rewrite_takes_the_place_of_damage_and_of_the_previous_copy(
    store: JsonStore, path: Path, three: list[CredentialRecord]
) -> None:
    path.write_bytes(b"damage")
    store.rewrite(three[1:], 1000)
    assert store.all() == JsonStore(path, SEAL).all() == three[1:]
    assert store.generation == 1000
    assert previous(path) == ["bob", "carol"]
    with pytest.raises(ValueError, match="seen"):
        store.rewrite(three, 1000)
