"""An image of a kiosk's whole disk that is put back is noticed by what lies outside the disk."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from atm.birth import bear
from atm.errors import AtmError
from atm.folder import DataFolder, Kind
from atm.login.decision import Outcome
from atm.machine import Machine
from atm.opening import open_machine
from atm.outside_memory import Memory, _below, disks_of, outside_memory
from atm.people import Signatures, StaffMember
from atm.settings import Settings

ANA, BEN = StaffMember("ana"), StaffMember("ben")


@pytest.fixture
def other_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on another device than the temporary folder."""
    place = Path("/dev/shm")
    if not place.is_dir() or place.stat().st_dev == tmp_path.stat().st_dev:
        pytest.fail("the test needs /dev/shm on a device of its own")
    with tempfile.TemporaryDirectory(dir=place) as made:
        yield Path(made)


def branch(
    tmp_path: Path, anchor_dir: Path | None, kind: Kind = Kind.LIVE, **more: Any
) -> Settings:
    """Return the settings of a kiosk with two members of staff; it is closed."""
    disk = tmp_path / "disk"
    settings = Settings(
        data_dir=disk / "data", key_dir=disk / "keys", anchor_dir=anchor_dir, kind=kind,
        camera="https://127.0.0.1:9/stream", network="bundled", **more,
    )  # fmt: skip
    bear(settings)
    machine = open_machine(settings)
    machine.first_staff("ana", "864209")
    machine.office.add_staff("ben", "751306", signed=ANA)
    machine.close()
    return settings


def approve(machine: Machine, *names: str) -> None:
    machine.bank.stores.approvals.approve(machine.settings, names)


def refuse(machine: Machine) -> None:
    """Log a refusal, as a login does."""
    machine.audit.append("decision", outcome="refused", customer="c" * 32, reasons=["pin"])


def pay(machine: Machine) -> None:
    """Log a withdrawal, as an account does."""
    machine.audit.append("withdrawal", step="held", customer="c" * 32, anchor=True)


@pytest.mark.parametrize("act", [refuse, pay])
@pytest.mark.parametrize("same_day", [True, False])
def test_an_image_from_before_a_refusal_or_a_payment_is_out_of_service(
    tmp_path: Path, other_disk: Path, act: object, same_day: bool
) -> None:
    """1,000 were withdrawn three times from one balance; guesses of a PIN came back as well."""
    settings = branch(tmp_path, other_disk)
    image = tmp_path / "image"
    if not same_day:
        shutil.copytree(tmp_path / "disk", image)
    machine = open_machine(settings)
    if same_day:
        shutil.copytree(tmp_path / "disk", image)
    act(machine)  # type: ignore[operator]
    with mock.patch.object(machine.bank, "close"):  # the plug is pulled
        machine.close()
    open_machine(settings).close()
    shutil.rmtree(tmp_path / "disk")
    shutil.copytree(image, tmp_path / "disk")
    with pytest.raises(AtmError, match="was anchored"):
        open_machine(settings)


def test_a_repeated_refusal_is_anchored_when_it_is_written(
    tmp_path: Path, other_disk: Path
) -> None:
    machine = open_machine(branch(tmp_path, other_disk))
    anchor = machine.bank.stores.audit.anchor
    for _ in range(3):
        refuse(machine)
    machine.audit.flush()
    anchored = anchor.read()
    (last,) = machine.audit.tail(1)
    assert anchored is not None and (last["n"], last["repeated"]) == (anchored.n, 2)
    machine.close()


def test_without_it_nobody_is_served_before_two_have_approved_once(tmp_path: Path) -> None:
    machine = open_machine(branch(tmp_path, None))
    try:
        approvals = machine.bank.stores.approvals
        machine.register_camera(staff=ANA)
        assert "Two members of staff" in machine._unsigned
        decision = machine.login("maria", "4073")
        assert decision.outcome is Outcome.FAULT
        assert any("Two members of staff" in reason for reason in decision.reasons)
        approve(machine, "ana")
        assert "Two members of staff" in machine._unsigned
        health = machine.health()
        assert health.memory is Memory.NONE
        assert any("outside this disk" in note for note in health.notes)
        assert approvals.problem(machine.settings)
        approve(machine, *Signatures(ANA, BEN).names)
        assert not machine._unsigned and not approvals.problem(machine.settings)
        approve(machine, "ana")  # once is enough
        assert not machine._unsigned
    finally:
        machine.close()


def test_another_disk_needs_no_second_signature_but_must_stay(
    tmp_path: Path, other_disk: Path
) -> None:
    settings = branch(tmp_path, other_disk)
    machine = open_machine(settings)
    assert machine.health().memory is Memory.DISK and not machine._unsigned
    machine.close()
    with (
        mock.patch("atm.approval.outside_memory", return_value=Memory.NONE),
        pytest.raises(AtmError, match="another disk remembered the audit log"),
    ):
        open_machine(settings)  # the same folder, now on this disk


def test_a_trial_needs_neither(tmp_path: Path) -> None:
    machine = open_machine(branch(tmp_path, None, Kind.TEST))
    assert not machine._unsigned
    assert not any("outside this disk" in note for note in machine.health().notes)
    machine.close()


def test_a_disk_is_told_from_a_partition_and_a_volume_on_it(tmp_path: Path) -> None:
    """What the kernel says of a disk with two partitions, and of a volume on one of them."""
    for name in ("sda/sda1/partition", "sda/sda2/partition", "dm-0/slaves", "sdb"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "dm-0/slaves/sda2").symlink_to(tmp_path / "sda/sda2")
    for name, disk in (("sda/sda1", "sda"), ("sda/sda2", "sda"), ("dm-0", "sda"), ("sdb", "sdb")):
        assert _below(tmp_path / name) == {disk}


def test_a_disk_image_in_a_file_is_no_other_disk(tmp_path: Path) -> None:
    """Whoever puts back an image of the disk puts it back too."""
    image = tmp_path / "image"
    image.touch()
    (tmp_path / "loop0/loop").mkdir(parents=True)
    (tmp_path / "loop0/loop/backing_file").write_text(f"{image}\n")
    assert _below(tmp_path / "loop0") == disks_of(tmp_path)


def test_a_part_of_a_file_system_with_its_own_device_number_is_no_other_disk(
    tmp_path: Path, other_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So does btrfs number its subvolumes; here a folder in memory stands for one."""
    assert disks_of(other_disk) == {str(other_disk.stat().st_dev)}
    (tmp_path / "8:1").mkdir()
    (tmp_path / "mountinfo").write_text(
        "22 1 8:1 / / rw - ext4 /dev/sdb1 rw\n"
        f"30 22 0:33 /anchors {other_disk} rw,relatime shared:1 - btrfs /dev/sda1 rw,subvol=/a\n"
    )
    monkeypatch.setattr("atm.outside_memory._DEVICES", tmp_path)
    monkeypatch.setattr("atm.outside_memory._MOUNTS", tmp_path / "mountinfo")
    monkeypatch.setattr(Path, "is_block_device", lambda path: str(path) == "/dev/sda1")
    stat = Path.stat
    sda1 = mock.Mock(st_rdev=os.makedev(8, 1))
    monkeypatch.setattr(
        Path, "stat",
        lambda path, **how: sda1 if str(path) == "/dev/sda1" else stat(path, **how),
    )  # fmt: skip
    assert disks_of(other_disk / "missing") == {"8:1"}


def test_a_folder_beside_the_data_is_no_other_disk(tmp_path: Path, other_disk: Path) -> None:
    folder = DataFolder(tmp_path, Kind.LIVE, "0" * 32, fresh=False)

    def memory(anchor_dir: Path | None, **more: str) -> Memory:
        settings = Settings(key_dir=tmp_path / "keys", anchor_dir=anchor_dir, **more)  # type: ignore[arg-type]
        return outside_memory(settings, folder)

    assert memory(None) is memory(tmp_path / "anchors") is Memory.NONE
    assert memory(other_disk / "not yet there") is Memory.DISK
    assert memory(None, store="https://bank.example") is Memory.SERVICE
