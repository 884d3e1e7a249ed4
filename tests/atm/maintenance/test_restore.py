"""A restore brings back records, but no deleted customer, no old PIN and no free attempt."""

import dataclasses
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from atm.card.result import RegisteredCard
from atm.maintenance.restore import CounterFile, Loss, Restore, RestoreError
from atm.people import Signatures, StaffMember
from credentials.attempts import Attempts, Standing
from credentials.boot_clock import Moment
from credentials.credential_record import ATTENDED, CredentialRecord
from credentials.errors import StoreError
from credentials.sealed.seal import Seal
from credentials.store import JsonStore

SEAL = Seal(bytes(32))
NOW = "2026-11-23T10:00:00+00:00"
SIGNED = Signatures(StaffMember("Ada"), StaffMember("Bob"))


class Branch:
    """A credential store whose acts are logged as the machine logs them."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "credentials.json"
        self.log: list[dict[str, Any]] = []
        self.ids: dict[str, str] = {}

    @property
    def store(self) -> JsonStore:
        return JsonStore(self.path, SEAL)

    def enrol(self, *names: str) -> None:
        for name in names:
            made = CredentialRecord(
                uuid.uuid4().hex, name, name.title(), f"hash of {name}", f"face-of-{name}", NOW, NOW
            )
            self.ids[name] = made.customer_id
            self.store.add(made)
            self.note("enrolment", name, record=self.store.record_mac(made.customer_id))

    def change(self, kind: str, name: str, done: bool = True, **fields: Any) -> None:
        self.note(kind, name, step="begun")
        old = self.store.by_id(self.ids[name])
        assert old is not None
        self.store.replace(dataclasses.replace(old, **fields))
        if done:
            self.note(kind, name, record=str(self.store.record_mac(self.ids[name]))[:16])

    def delete(self, name: str) -> None:
        self.note("delete", name)
        self.store.remove(self.ids[name])

    def note(self, kind: str, name: str | None = None, **fields: Any) -> None:
        stores = {"credentials": self.store.generation if self.path.exists() else 0}
        customer = {"customer": self.ids[name]} if name else {}
        self.log.append({"kind": kind, **customer, **fields, "stores": stores})

    def restore(self, **others: Any) -> Restore:
        return Restore(self.path, SEAL, lambda: iter(self.log), **others)

    def names(self) -> list[str]:
        return [each.username for each in self.store.all()]


@pytest.fixture
def branch(tmp_path: Path) -> Branch:
    made = Branch(tmp_path)
    made.enrol("alice", "bob", "carol")
    return made


def kept(branch: Branch) -> Path:
    """Return a copy of the file as it is now, elsewhere."""
    copy = branch.path.with_name("copy of today")
    copy.write_bytes(branch.path.read_bytes())
    return copy


def test_previous_copy_comes_back_and_the_preview_says_what_is_lost(branch: Branch) -> None:
    branch.path.write_bytes(b"damage")
    preview = branch.restore().preview()
    assert preview.source == branch.path.with_name("credentials.json.previous")
    assert preview.kept == 2
    assert preview.lost == (Loss(branch.ids["carol"], None, comes_back=False),)
    assert f"{branch.ids['carol']} is lost: enrol this customer again." in preview.sentences
    assert any("Accounts are not restored" in each for each in preview.sentences)
    assert branch.path.read_bytes() == b"damage"
    assert branch.restore().apply(SIGNED) == preview
    assert branch.names() == ["alice", "bob"]
    assert branch.store.generation == preview.generation > branch.log[-1]["stores"]["credentials"]


def test_missing_file_is_restored_too(branch: Branch) -> None:
    branch.path.unlink()
    assert branch.restore().apply(SIGNED).kept == 2
    assert branch.names() == ["alice", "bob"]


def test_deleted_customer_does_not_come_back(branch: Branch) -> None:
    copy = kept(branch)
    branch.delete("alice")
    preview = branch.restore(source=copy).apply(SIGNED)
    assert preview.kept == 2
    assert preview.lost == ()
    assert branch.names() == ["bob", "carol"]
    left = [each for each in branch.path.parent.iterdir() if each != copy]
    assert not [each for each in left if branch.ids["alice"].encode() in each.read_bytes()]


def test_old_pin_does_not_come_back(branch: Branch) -> None:
    copy = kept(branch)
    branch.change("pin", "alice", pin_hash="new hash")
    branch.path.write_bytes(b"damage")
    branch.path.with_name("credentials.json.previous").unlink()
    preview = branch.restore(source=copy).apply(SIGNED)
    assert preview.lost == (Loss(branch.ids["alice"], "alice", comes_back=True),)
    assert preview.kept == 2
    assert "alice comes back without a PIN: type a new one." in preview.sentences
    alice, bob, _ = branch.store.all()
    assert (alice.pin_hash, alice.template_id, alice.pending) == (None, "face-of-alice", True)
    assert bob.pin_hash == "hash of bob"


def test_old_face_does_not_come_back(branch: Branch) -> None:
    copy = kept(branch)
    branch.change("face", "bob", template_id="new-face")
    branch.restore(source=copy).apply(SIGNED)
    bob = branch.store.by_id(branch.ids["bob"])
    assert bob is not None
    assert (bob.pin_hash, bob.template_id) == (None, None)


@pytest.mark.parametrize("done", [True, False], ids=["taken back", "cut off"])
def test_a_mark_that_was_taken_back_does_not_come_back(branch: Branch, done: bool) -> None:
    branch.change("without face", "alice", without_face=ATTENDED)
    copy = kept(branch)
    branch.change("without face", "alice", done, without_face=None)
    branch.restore(source=copy).apply(SIGNED)
    alice = branch.store.get("alice")
    assert alice is not None and alice.without_face is None
    assert alice.pin_hash is None, "not even with the old PIN"


CARD = RegisteredCard(b"id", b"key", 3).text


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("before", [CARD, None])
def test_a_card_that_was_blocked_replaced_or_given_later_comes_back_blocked(
    branch: Branch, before: str | None, done: bool
) -> None:
    branch.change("card", "alice", card=before)
    source = kept(branch)
    branch.change("card", "alice", done, card=RegisteredCard(b"new", b"key", 0).text)
    branch.restore(source=source).apply(signed=SIGNED)
    back = branch.store.get("alice")
    assert back is not None and back.card is not None and back.pin_hash is None
    assert RegisteredCard.parse(back.card).blocked


def test_an_older_signature_counter_costs_nobody_the_pin(branch: Branch) -> None:
    branch.change("card", "alice", card=CARD)
    source = kept(branch)
    branch.change("card counter", "alice", card=RegisteredCard(b"id", b"key", 4).text)
    branch.restore(source=source).apply(signed=SIGNED)
    back = branch.store.get("alice")
    assert back is not None and (back.card, back.pin_hash) == (CARD, "hash of alice")


def test_a_mark_that_the_log_knows_comes_back_with_its_record(branch: Branch) -> None:
    branch.change("without face", "alice", without_face=ATTENDED)
    branch.restore(source=kept(branch)).apply(SIGNED)
    alice = branch.store.get("alice")
    assert alice is not None and alice.attended


def test_record_as_the_log_knows_it_last_comes_back_whole(branch: Branch) -> None:
    branch.change("pin", "alice", pin_hash="second")
    branch.change("face", "alice", template_id="new-face")
    branch.path.write_bytes(b"damage")
    assert branch.restore().apply(SIGNED).lost == ()
    alice = branch.store.by_id(branch.ids["alice"])
    assert alice is not None
    assert (alice.pin_hash, alice.template_id) == ("second", "new-face")


@pytest.mark.parametrize("back_to", ["old", "new"])
def test_pin_whose_change_was_cut_off_does_not_come_back(branch: Branch, back_to: str) -> None:
    copy = kept(branch)
    branch.change("pin", "alice", done=False, pin_hash="second")
    if back_to == "new":
        copy.write_bytes(branch.path.read_bytes())
    branch.restore(source=copy).apply(SIGNED)
    alice = branch.store.by_id(branch.ids["alice"])
    assert alice is not None
    assert alice.pin_hash is None


def test_after_a_change_of_keys_what_the_seal_fits_is_new_enough(branch: Branch) -> None:
    """The MACs in the log were made with the key before."""
    for entry in branch.log:
        entry["record"] = "0" * 16
    branch.path.write_bytes(b"damage")
    assert branch.restore().preview().kept == 0
    branch.log.append({"kind": "rotate"})
    assert branch.restore().preview().kept == 2


def test_yesterdays_copy_put_in_place_is_not_what_comes_back(branch: Branch) -> None:
    old = branch.path.read_bytes()
    branch.enrol("dave", "erin")
    branch.path.write_bytes(old)
    preview = branch.restore().apply(SIGNED)
    assert preview.source.name == "credentials.json.previous"
    assert branch.names() == ["alice", "bob", "carol", "dave"]
    assert preview.lost == (Loss(branch.ids["erin"], None, comes_back=False),)
    assert branch.store.generation > branch.log[-1]["stores"]["credentials"] == 5


def test_generation_ends_above_everything_that_anybody_knows(branch: Branch) -> None:
    branch.log.append({"kind": "stop", "stores": {"credentials": 900}})
    assert branch.restore().apply(SIGNED).generation == 901 == branch.store.generation


def test_good_file_loses_nobody(branch: Branch) -> None:
    assert branch.restore().preview().source == branch.path
    assert branch.restore().apply(SIGNED).lost == ()
    assert branch.names() == ["alice", "bob", "carol"]


@pytest.mark.parametrize("bad", ["damage", "other machine", "nothing", "other file"])
def test_copy_that_is_not_ours_is_refused_and_nothing_changes(
    branch: Branch, bad: str, tmp_path: Path
) -> None:
    copy = tmp_path / "given"
    if bad == "damage":
        data = bytearray(branch.path.read_bytes())
        data[200] ^= 1
        copy.write_bytes(data)
    elif bad == "other machine":
        JsonStore(copy, Seal(b"\1" * 32), name="credentials.json").rewrite(branch.store.all(), 99)
    elif bad == "other file":
        JsonStore(copy, SEAL, name="staff.json").rewrite(branch.store.all(), 99)
    before = branch.path.read_bytes()
    for act in (
        branch.restore(source=copy).preview,
        lambda: branch.restore(source=copy).apply(SIGNED),
    ):
        with pytest.raises(RestoreError, match="no good copy"):
            act()
    assert branch.path.read_bytes() == before


def test_one_member_of_staff_cannot_restore(branch: Branch) -> None:
    with pytest.raises(TypeError):
        branch.restore().apply(StaffMember("Ada"))  # type: ignore[arg-type]


@pytest.fixture
def counters(branch: Branch) -> CounterFile:
    path = branch.path.with_name("attempts.sqlite")

    def opened(path: Path = path) -> Attempts:
        return Attempts(path, SEAL, lambda: Moment("boot", 5.0))

    def make(path: Path, above: int) -> Attempts:
        made = opened(path)
        while made.generation <= above:
            made.lock("nobody")
        return made

    return CounterFile(path, opened, make)


def standing(branch: Branch, counters: CounterFile, name: str) -> Standing:
    return counters.open().standing(branch.ids[name])  # type: ignore[attr-defined]


def test_counters_that_are_right_are_left_alone(branch: Branch, counters: CounterFile) -> None:
    counters.open().lock(branch.ids["alice"])
    before = counters.path.read_bytes()
    assert not branch.restore(counters=counters).apply(SIGNED).all_locked
    assert counters.path.read_bytes() == before


@pytest.mark.parametrize("how", ["damaged", "rolled back", "gone"])
def test_counters_that_are_not_right_lock_everybody(
    branch: Branch, counters: CounterFile, how: str
) -> None:
    counters.open()
    old = counters.path.read_bytes()
    for _ in range(3):
        counters.open().lock(branch.ids["alice"])
    known = counters.open().generation
    branch.log.append({"kind": "stop", "stores": {"credentials": 3, "attempts": known}})
    if how == "gone":
        counters.path.unlink()
    else:
        counters.path.write_bytes(old if how == "rolled back" else old[:100] + bytes(len(old)))
    preview = branch.restore(counters=counters).apply(SIGNED)
    assert preview.all_locked
    assert any("unlock" in each for each in preview.sentences)
    for name in branch.ids:
        assert standing(branch, counters, name) is Standing.LOCKED
    assert counters.open().generation > known
    assert not branch.path.with_name("restore.partial").exists()
    assert not branch.restore(counters=counters).preview().all_locked


def test_counters_older_than_what_is_remembered_beside_the_log_lock_everybody(
    branch: Branch, counters: CounterFile
) -> None:
    """An attempt that no entry tells of, because the plug was pulled while it was judged."""
    counters.open()
    old = counters.path.read_bytes()
    counters.open().lock(branch.ids["alice"])
    known = counters.open().generation
    counters.path.write_bytes(old)
    assert not branch.restore(counters=counters).preview().all_locked
    assert branch.restore(counters=counters, remembered=known).apply(SIGNED).all_locked
    assert counters.open().generation > known


def test_counters_are_whole_before_they_take_their_place(
    branch: Branch, counters: CounterFile
) -> None:
    """Cut off while customers are being locked, nobody is free."""
    counters.path.write_bytes(b"damage")
    broken: Callable[[Path, int], Attempts] = lambda path, above: _Breaking(path)  # noqa: E731
    with pytest.raises(RestoreError, match="full"):
        branch.restore(counters=dataclasses.replace(counters, make=broken)).apply(SIGNED)
    assert counters.path.read_bytes() == b"damage"
    assert branch.restore(counters=counters).apply(SIGNED).all_locked
    assert standing(branch, counters, "alice") is Standing.LOCKED


class _Breaking(Attempts):
    def __init__(self, path: Path) -> None:
        super().__init__(path, SEAL)
        self._locks = 0

    def lock(self, owner_id: str) -> None:
        self._locks += 1
        if self._locks == 2:
            raise StoreError("The disk is full.")
        super().lock(owner_id)
