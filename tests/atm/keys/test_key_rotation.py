"""After a key rotation everything opens with the new key only, even after a kill."""

import json
import os
import signal
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from argon2 import PasswordHasher

from atm.folder import DataFolder, FolderError, open_folder
from atm.keys.key_backup import NewBackup, backup, peppers_in
from atm.keys.key_file import KeyFile
from atm.keys.key_rotation import Rotation, rotate, unfinished
from atm.keys.keys import Keys, KeysError, last_backup
from credentials.errors import CredentialError, StoreError
from credentials.hashing import PinHasher, pepper_name
from credentials.sealed.database import Database
from credentials.sealed.record_file import RecordFile
from credentials.sealed.resealing import reseal_database, reseal_records
from credentials.sealed.seal import Seal
from face_auth.errors import GalleryError
from face_auth.gallery import Capture, Gallery, Template
from face_auth.recognition.classifier import CustomerSvm

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
WORDS = "correct horse battery"
LONG_AGO = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
MOMENTS_APART = 1 if os.environ.get("LONG_TESTS") else 11
"""Between two kills, file-system events; in the long run every one is a place to die."""


@dataclass
class Bank:
    """A data folder with two customers, and its key."""

    folder: DataFolder
    key_dir: Path
    stick: Path

    def keys(self) -> Keys:
        return Keys.open(self.key_dir, self.folder)

    def gallery(self, keys: Keys) -> Gallery:
        return Gallery(
            self.folder.path / "gallery",
            template_key=keys.template_key,
            capture_key=keys.capture_key,
        )

    def records(self, seal: Seal) -> RecordFile[list[dict[str, object]]]:
        return RecordFile(self.folder.path / "records.json", lambda found: found, seal)

    def ledger(self, seal: Seal) -> Database:
        schema = ["CREATE TABLE rows (id TEXT PRIMARY KEY, sum INTEGER, mac BLOB NOT NULL) STRICT"]
        return Database(
            self.folder.path / "ledger.sqlite", schema, {"rows": "id"}, seal, StoreError
        )

    def pin_hashes(self, seal: Seal) -> Iterator[str]:
        return (str(each["pin_hash"]) for each in self.records(seal).read())

    def hasher(self) -> PinHasher:
        keys = self.keys()
        return PinHasher(keys.pin_pepper, CHEAP, older=keys.older_peppers)

    def rotate(self) -> Rotation:
        path = self.folder.path
        copy = NewBackup(self.key_dir, self.folder, self.stick / uuid.uuid4().hex, WORDS)
        return rotate(
            self.key_dir,
            self.folder,
            None if unfinished(self.key_dir, self.folder) else copy,
            gallery=path / "gallery",
            reseal=[
                partial(reseal_records, path / "records.json"),
                partial(reseal_database, path / "ledger.sqlite"),
            ],
            pin_hashes=self.pin_hashes,
        )

    def backed_up(self) -> bool:
        """Return whether some backup gives the present PIN pepper."""
        document = KeyFile.of(self.key_dir, self.folder).read()
        pepper = Keys(document.root).pin_pepper
        copies = [copy for copy in self.stick.iterdir() if not copy.name.startswith(".")]
        return any(pepper == peppers_in(copy, WORDS)[0] for copy in copies)

    def check(self) -> None:
        """Fail unless everything is there and readable by the key of today."""
        keys, hasher = self.keys(), self.hasher()
        for number, record in enumerate(self.records(keys.seal).read()):
            name = str(record["id"])
            assert hasher.verify(str(record["pin_hash"]), name, f"471{number}")
            assert self.gallery(keys).load(f"t{number}", name).svm.bias == number
            assert len(self.gallery(keys).load_captures(f"t{number}", name)) == 1
        with self.ledger(keys.seal).transaction() as t:
            assert t.select("SELECT id, sum FROM rows ORDER BY id") == [("ada", 0), ("bob", 1)]


@pytest.fixture
def bank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bank:
    monkeypatch.setattr("atm.keys.key_backup._stretched", lambda words, salt: bytes(32))
    (tmp_path / "stick").mkdir()
    made = Bank(open_folder(tmp_path / "data"), tmp_path / "keys", tmp_path / "stick")
    keys = made.keys()
    hasher = PinHasher(keys.pin_pepper, CHEAP)
    ones = np.ones((1, 512), np.float32)
    for number, name in enumerate(("ada", "bob")):
        made.gallery(keys).save(
            f"t{number}",
            Template(name, "bundled", "ab" * 32, ones, CustomerSvm(ones[0], number)),
            [Capture(np.zeros((4, 4, 3), np.uint8), (0, 0, 4, 4), np.ones((5, 2), np.float32))],
        )
        record: dict[str, object] = {"id": name, "pin_hash": hasher.hash(name, f"471{number}")}
        made.records(keys.seal).change(lambda found, new=record: [*found, new])  # type: ignore[misc]
        with made.ledger(keys.seal).transaction() as t:
            t.put("rows", name, number)
    made.folder = open_folder(made.folder.path)
    made.check()
    return made


def test_everything_is_readable_by_the_new_key_and_nothing_by_the_old(bank: Bank) -> None:
    old = bank.keys()
    assert bank.rotate() == Rotation(left=(), older_peppers=1)
    bank.check()
    new = bank.keys()
    assert new.pin_pepper != old.pin_pepper
    assert new.template_key != old.template_key
    for read in (lambda: bank.records(old.seal).read(), lambda: bank.ledger(old.seal)):
        with pytest.raises(StoreError):
            read()
    for path in (bank.folder.path / "gallery").iterdir():
        load = bank.gallery(old).load if path.suffix == ".template" else None
        if load:
            with pytest.raises(GalleryError, match="another key"):
                load(path.stem, "ada" if path.stem == "t0" else "bob")


def test_the_old_root_key_is_gone_from_the_key_file(bank: Bank) -> None:
    path = bank.key_dir / f"{bank.folder.folder_id}.key"
    before = json.loads(path.read_text())["root"]
    bank.rotate()
    assert before not in path.read_text()


def test_former_peppers_stay_until_nobody_needs_them(bank: Bank) -> None:
    first = bank.keys().pin_pepper
    bank.rotate()
    second = bank.keys().pin_pepper
    assert bank.keys().older_peppers == (first,)
    assert bank.rotate().older_peppers == 1  # nobody's hash was made with the second one
    assert bank.keys().older_peppers == (first,)
    assert second not in bank.keys().older_peppers
    hasher, seal = bank.hasher(), bank.keys().seal
    bank.records(seal).change(
        lambda found: [
            {**each, "pin_hash": hasher.hash(str(each["id"]), f"471{number}")}
            for number, each in enumerate(found)
        ]
    )
    third = bank.keys().pin_pepper
    assert bank.rotate().older_peppers == 1
    assert bank.keys().older_peppers == (third,)
    bank.check()


def test_a_change_of_keys_needs_and_leaves_a_backup_of_the_new_key(bank: Bank) -> None:
    backup(bank.key_dir, bank.folder, bank.stick / "before", WORDS, now=LONG_AGO)
    assert bank.backed_up()
    with pytest.raises(KeysError, match="needs a backup"):
        rotate(
            bank.key_dir, bank.folder, None, gallery=bank.folder.path / "gallery", reseal=[],
            pin_hashes=bank.pin_hashes,
        )  # fmt: skip
    bank.check()
    assert last_backup(bank.key_dir, bank.folder) == LONG_AGO
    bank.rotate()
    assert bank.backed_up()
    assert last_backup(bank.key_dir, bank.folder) != LONG_AGO


def test_a_folder_in_use_is_not_touched(bank: Bank) -> None:
    before = bank.keys().pin_pepper
    in_use = pytest.raises(KeysError, match="stop the kiosk first")
    with bank.folder.held(), bank.folder.held(), in_use:
        bank.rotate()
    assert bank.keys().pin_pepper == before
    changing = pytest.raises(FolderError, match="try again later")
    with bank.folder.held(alone=True), changing, bank.folder.held():
        pass
    bank.rotate()


def test_an_altered_store_stops_the_change_with_its_sentence(bank: Bank) -> None:
    path = bank.folder.path / "records.json"
    whole = path.read_text()
    path.write_text(whole.replace('"ada"', '"eve"'))
    with pytest.raises(KeysError, match=r"records\.json is damaged"):
        bank.rotate()
    with pytest.raises(KeysError, match=r"keys rotate” again"):
        bank.keys()
    path.write_text(whole)
    bank.rotate()
    bank.check()


def test_a_customers_damaged_picture_does_not_keep_the_others_out(bank: Bank) -> None:
    path = bank.folder.path / "gallery" / "t0.captures"
    path.write_bytes(path.read_bytes()[:-1])
    assert bank.rotate().left == ("t0.captures",)
    keys = bank.keys()
    assert bank.gallery(keys).load("t0", "ada").svm.bias == 0
    with pytest.raises(GalleryError):
        bank.gallery(keys).load_captures("t0", "ada")


def test_a_hash_whose_pepper_is_gone_is_a_fault(bank: Bank) -> None:
    keys = bank.keys()
    (first, *_) = bank.pin_hashes(keys.seal)
    assert first.startswith(pepper_name(keys.pin_pepper))
    with pytest.raises(CredentialError):
        PinHasher(b"x" * 32, CHEAP).verify(first, "ada", "4710")


def dies_at(bank: Bank, moment: int) -> bool:
    """Rotate in a child that is killed at its *moment*-th use of the file system, if it has it."""
    child = os.fork()
    if child == 0:
        left = moment

        def count(event: str, arguments: object) -> None:
            nonlocal left
            if event == "open" or event.startswith(("os.", "sqlite3.", "fcntl.", "tempfile.")):
                left -= 1
                if left == -1:  # os.kill is such an event too
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        try:
            bank.rotate()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def test_killed_anywhere_the_folder_is_out_of_service_or_whole_and_goes_on(bank: Bank) -> None:
    bank.rotate()
    states = set()
    moment = 0
    while dies_at(bank, moment):
        dies_at(bank, moment // 2)
        assert bank.backed_up()
        try:
            bank.check()
            states.add("whole")
        except KeysError as error:
            assert "run “python -m atm keys rotate” again" in str(error)
            states.add("out of service")
        bank.rotate()
        bank.check()
        moment += MOMENTS_APART
    bank.check()
    assert states == {"whole", "out of service"}
    assert moment > 100
    assert not list(bank.folder.path.rglob("*.partial"))
