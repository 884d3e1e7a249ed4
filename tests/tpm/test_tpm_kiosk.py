"""With a TPM a kiosk's disk alone gives nothing away, and no image of it can be put back."""

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from atm.__main__ import main as atm
from atm.audit import AuditLog
from atm.audit.__main__ import main as audit
from atm.audit.counter import AT_ONCE, Counter
from atm.errors import AtmError
from atm.folder import Kind, open_existing
from atm.keys.key_file import KeyFile
from atm.keys.keys import Keys, KeysError
from atm.machine import Machine
from atm.opening import open_machine
from atm.outside_memory import Memory
from atm.settings import Settings
from atm.tpm import Tpm, index_of
from tests.atm.test_roll_back import ANA, branch, pay, refuse
from tests.tpm.conftest import SoftTpm

PASSPHRASE = "correct horse battery"
BOTH = ("ana", "864209", "ben", "751306")


@pytest.fixture
def kiosk(soft_tpm: SoftTpm, tmp_path: Path) -> Settings:
    """A branch whose key the TPM holds; it is closed."""
    return branch(tmp_path, None, tpm=soft_tpm.place)


def run(settings: Settings, *arguments: str, lines: tuple[str, ...] = (), tpm: str = "") -> int:
    environment = {
        "ATM_KEY_DIR": str(settings.key_dir), "ATM_NETWORK": "bundled",
        "ATM_CAMERA": settings.camera, "ATM_TPM": tpm or settings.tpm,
    }  # fmt: skip
    with (
        mock.patch.dict("os.environ", environment),
        mock.patch("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines))),
    ):
        command = audit if arguments[0] == "audit" else atm
        words = arguments[1:] if arguments[0] == "audit" else arguments
        return command([*words, "--data", str(settings.data_dir)])


def pull_the_plug(machine: Machine) -> None:
    with mock.patch.object(machine.bank, "close"):
        machine.close()


def put_back(image: Path, disk: Path) -> None:
    shutil.rmtree(disk)
    shutil.copytree(image, disk)


def key_file(settings: Settings) -> KeyFile:
    return KeyFile.of(settings.key_dir, open_existing(settings.data_dir))


def everything(disk: Path) -> bytes:
    return b"\0".join(path.read_bytes() for path in sorted(disk.rglob("*")) if path.is_file())


def test_the_whole_disk_without_the_tpm_gives_no_key(
    kiosk: Settings, soft_tpm: SoftTpm, tmp_path: Path
) -> None:
    """So it gives no PIN and no template either: their keys come from the root key."""
    new = ("keys", "rotate", "--file", str(tmp_path / "stick"))
    assert run(kiosk, *new, lines=(*BOTH, PASSPHRASE)) == 0  # a former pepper is there
    document = key_file(kiosk).read()
    keys = Keys(document.root, document.peppers)
    assert document.peppers
    stolen = everything(tmp_path / "disk")
    for secret in (
        document.root, *document.peppers, keys.pin_pepper, keys.template_key, keys.capture_key
    ):  # fmt: skip
        assert secret not in stolen
        assert secret.hex().encode() not in stolen.lower()
    soft_tpm.exchange()
    with pytest.raises(KeysError, match="does not open it"):
        key_file(kiosk).read()
    with pytest.raises(KeysError, match="does not open it"):
        open_machine(kiosk)
    soft_tpm.cut_power()
    with pytest.raises(KeysError, match="does not open it"):
        open_machine(kiosk)


@pytest.mark.parametrize("act", [refuse, pay])
def test_an_image_from_before_a_refusal_or_a_payment_is_out_of_service(
    kiosk: Settings, tmp_path: Path, act: Callable[[Machine], None]
) -> None:
    machine = open_machine(kiosk)
    assert machine.health().memory is Memory.TPM and machine.health().key_in_tpm
    assert not machine._unsigned
    shutil.copytree(tmp_path / "disk", tmp_path / "image")
    act(machine)
    pull_the_plug(machine)
    shutil.copytree(tmp_path / "disk", tmp_path / "after")
    put_back(tmp_path / "image", tmp_path / "disk")
    with pytest.raises(AtmError, match="old image"):
        open_machine(kiosk)
    put_back(tmp_path / "after", tmp_path / "disk")
    open_machine(kiosk).close()


def test_a_power_cut_at_any_moment_is_no_roll_back(kiosk: Settings, soft_tpm: SoftTpm) -> None:
    machine = open_machine(kiosk)
    with (
        mock.patch.object(Counter, "_raise", side_effect=AtmError("the power went")),
        pytest.raises(AtmError),
    ):
        pay(machine)
    pull_the_plug(machine)
    soft_tpm.cut_power()
    soft_tpm.start()
    for _ in range(3):
        machine = open_machine(kiosk)
        pay(machine)
        pull_the_plug(machine)
        soft_tpm.cut_power()
        soft_tpm.start()
    open_machine(kiosk).close()


def _raise_the_number(settings: Settings) -> None:
    """Write the TPM's present value into the old anchor, as somebody without the TPM would."""
    (path,) = settings.key_dir.glob("*.anchor")
    from atm.audit.two_slot_file import TwoSlotFile

    file = TwoSlotFile(path, "anchor")
    document = file.read()
    assert document is not None
    value = document["counter"]
    assert isinstance(value, int)
    file.write(document | {"counter": value + 1})


def _delete(pattern: str) -> Callable[[Settings], None]:
    def delete(settings: Settings) -> None:
        for path in settings.key_dir.glob(pattern):
            path.unlink()

    return delete


def _another_index(settings: Settings) -> None:
    (path,) = settings.key_dir.glob("*.counter")
    document = json.loads(path.read_text())
    path.write_text(json.dumps(document | {"begins": document["begins"] + 1}))


@pytest.mark.parametrize(
    "forge",
    [_raise_the_number, _delete("*.anchor"), _delete("*.counter"), _another_index,
     _delete("*.a*")],
)  # fmt: skip
def test_an_old_image_is_not_made_good_by_hand(
    kiosk: Settings, tmp_path: Path, forge: Callable[[Settings], None]
) -> None:
    machine = open_machine(kiosk)
    shutil.copytree(tmp_path / "disk", tmp_path / "image")
    pay(machine)
    pull_the_plug(machine)
    put_back(tmp_path / "image", tmp_path / "disk")
    forge(kiosk)
    with pytest.raises(AtmError):
        open_machine(kiosk)


def test_a_counter_in_another_tpm_vouches_for_no_old_image(
    kiosk: Settings, tmp_path: Path, other_tpm: SoftTpm
) -> None:
    """Whoever runs a TPM in software beside the kiosk's own could count there what they like."""
    machine = open_machine(kiosk)
    shutil.copytree(tmp_path / "disk", tmp_path / "image")
    pay(machine)
    pull_the_plug(machine)
    put_back(tmp_path / "image", tmp_path / "disk")
    folder = open_existing(kiosk.data_dir)
    Counter.make(kiosk.key_dir, folder.folder_id, Tpm(other_tpm.place))
    (key,) = kiosk.key_dir.glob("*.key")
    kept = key.rename(tmp_path / "key")  # a thief's own program does not look at it
    log = AuditLog.of(folder, kiosk.key_dir)
    log.anchor.begin_again()
    log.append("start", anchor=True)
    kept.rename(key)
    with pytest.raises(AtmError, match="another TPM than the key"):
        open_machine(kiosk)


def test_the_tpm_knows_a_live_folder_when_all_files_are_gone(
    kiosk: Settings, tmp_path: Path, soft_tpm: SoftTpm
) -> None:
    shutil.rmtree(tmp_path / "disk")
    assert run(kiosk, "init", "--kind", "live", lines=("mallory", "751306")) == 2
    with pytest.raises(AtmError, match="knows as living"):
        open_machine(kiosk)


def test_two_begin_anew_and_the_old_counter_goes(kiosk: Settings, tmp_path: Path) -> None:
    stick = str(tmp_path / "stick")
    old = open_existing(kiosk.data_dir).folder_id
    assert run(kiosk, "keys", "backup", "--file", stick, lines=(*BOTH, PASSPHRASE)) == 0
    shutil.rmtree(tmp_path / "disk")
    lines = (PASSPHRASE, "ana", "864209", "ben", "751306", "eva", "864209")
    assert run(kiosk, "init", "--kind", "live", "--instead-of", stick, lines=lines) == 0
    new = open_existing(kiosk.data_dir).folder_id
    assert Tpm(kiosk.tpm).counters() == [index_of(new)] != [index_of(old)]


@pytest.mark.parametrize("with_tpm", [True, False])
def test_the_key_moves_to_another_machine_by_its_backup(
    kiosk: Settings, soft_tpm: SoftTpm, tmp_path: Path, with_tpm: bool
) -> None:
    stick = str(tmp_path / "stick")
    assert run(kiosk, "keys", "backup", "--file", stick, lines=(*BOTH, PASSPHRASE)) == 0
    root = key_file(kiosk).read().root
    soft_tpm.exchange()
    if not with_tpm:
        soft_tpm.cut_power()
        kiosk = _without_tpm(kiosk)
    assert run(kiosk, "keys", "restore", "--file", stick, lines=(PASSPHRASE,)) == 0
    assert key_file(kiosk).read().root == root and key_file(kiosk).sealed is with_tpm
    verifier = str(tmp_path / "verifier")
    if with_tpm:  # its counter never saw this log
        with pytest.raises(AtmError, match="not bound"):
            open_machine(kiosk)
        aside = ("audit", "init", "--set-aside", "--verifier", verifier)
        assert run(kiosk, *aside, lines=BOTH) == 0
        open_machine(kiosk).close()
    else:  # two must approve what nothing outside the disk remembers
        assert run(kiosk, "approve", lines=BOTH) == 0
        machine = open_machine(kiosk)
        assert not machine._unsigned
        machine.close()


def _without_tpm(settings: Settings) -> Settings:
    from dataclasses import replace

    return replace(settings, tpm="")


def test_a_key_in_a_file_moves_into_the_tpm_by_a_rotation(
    soft_tpm: SoftTpm, tmp_path: Path
) -> None:
    plain = branch(tmp_path, None, Kind.TEST)
    root = key_file(plain).read().root
    tpm = soft_tpm.place
    new = ("keys", "rotate", "--file", str(tmp_path / "stick"))
    assert run(plain, *new, lines=(*BOTH, PASSPHRASE), tpm=tpm) == 0
    file = key_file(plain)
    assert file.sealed and file.read().root != root
    stolen = everything(tmp_path / "disk")
    assert root not in stolen and root.hex().encode() not in stolen
    machine = open_machine(plain)  # where the TPM is stands in the key's file
    assert machine.health().key_in_tpm and machine.health().memory is Memory.TPM
    refuse(machine)
    machine.close()


def test_pcrs_that_a_bank_names_bind_the_key_to_the_start_of_the_machine(
    soft_tpm: SoftTpm, tmp_path: Path
) -> None:
    bound = branch(tmp_path / "a", None, tpm=soft_tpm.place, tpm_pcrs="sha256:0,16")
    free = branch(tmp_path / "b", None, tpm=soft_tpm.place, kind=Kind.TEST)
    open_machine(bound).close()
    soft_tpm.tool("pcrextend", "16:sha256=" + "1" * 64)  # another boot loader
    with pytest.raises(KeysError, match="does not open it"):
        open_machine(bound)
    open_machine(free).close()  # an update of the kernel takes no kiosk out of service


def test_a_busy_day_spares_the_chip_and_a_quiet_hour_is_exact_again(
    kiosk: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = open_machine(kiosk)
    log: Any = machine.bank.stores.audit
    index = index_of(machine.folder.folder_id)
    counter = log.anchor._counter
    now = [0.0]
    counter._thrift.__init__(lambda: now[0])
    before = Tpm(kiosk.tpm).read(index)
    for _ in range(AT_ONCE + 5):
        pay(machine)
    assert Tpm(kiosk.tpm).read(index) == before + AT_ONCE
    now[0] = 3600.0
    pay(machine)
    assert Tpm(kiosk.tpm).read(index) == before + AT_ONCE + 1
    machine.close()
    assert machine.staff.names()[0][0] == ANA.name
    open_machine(kiosk).close()


def test_a_demonstration_leaves_the_tpm_alone(soft_tpm: SoftTpm, tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path / "data", key_dir=tmp_path / "keys", kind=Kind.DEMO, camera="demo",
        tpm=soft_tpm.place,
    )  # fmt: skip
    open_machine(settings).close()
    assert Tpm(soft_tpm.place).counters() == []
    assert not key_file(settings).sealed
