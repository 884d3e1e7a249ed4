"""The setting `dispenser`: which folders take it, and what staff read of it."""

import argparse
from pathlib import Path

import pytest

from atm.accounts.dispenser import SIMULATED
from atm.commands import reports
from atm.folder import FolderError, Kind, check_dispenser
from atm.machine import Machine
from atm.opening import open_machine
from atm.settings import Settings
from tests.atm.xfs4iot.conftest import ALICE, Bank

TLS = "xfs4iot+wss://192.0.2.7:5846/xfs4iot/v1.0"
PLAIN = "xfs4iot+ws://127.0.0.1:5846/xfs4iot/v1.0"


@pytest.mark.parametrize(
    ("kind", "taken"),
    [
        (Kind.LIVE, {SIMULATED: True, TLS: True, PLAIN: False}),
        (Kind.TEST, {SIMULATED: True, TLS: True, PLAIN: True}),
        (Kind.DEMO, {SIMULATED: True, TLS: False, PLAIN: False}),
    ],
)
def test_which_folder_takes_which_dispenser(kind: Kind, taken: dict[str, bool]) -> None:
    for dispenser, fits in taken.items():
        if fits:
            check_dispenser(kind, dispenser)
            continue
        with pytest.raises(FolderError, match="dispenser"):
            check_dispenser(kind, dispenser)


def machine_of(tmp_path: Path, dispenser: str, kind: Kind = Kind.TEST) -> Machine:
    return open_machine(
        Settings(
            data_dir=tmp_path / "data", key_dir=tmp_path / "keys", anchor_dir=tmp_path / "anchor",
            kind=kind, dispenser=dispenser,
        )
    )  # fmt: skip


def test_the_machine_pays_by_the_device_of_its_setting(
    bank: Bank,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with bank.simulator(bank.device("jam")) as simulator:
        machine = machine_of(tmp_path, f"xfs4iot+{simulator.address}")
        try:
            machine.bank.stores.ledger.open_account(ALICE.customer_id, 10_000)
            session = machine.bank._open_session(ALICE)
            assert session.dispenser_name == f"xfs4iot+{simulator.address}"
            with pytest.raises(Exception, match="is on hold"):
                session.withdraw(8_000)
            reference = machine.bank.stores.ledger.open_holds()[0].reference
            assert simulator.device.reference == reference
            health = machine.health()
            assert health.dispenser == session.dispenser_name
            assert any(
                note.startswith("Check the dispenser, which left a hold") for note in health.notes
            )
            monkeypatch.setattr(reports, "sign_in", lambda staff: None)
            reports.health(machine, argparse.Namespace(json=False))
            assert "; EXPERIMENTAL, never tried on a device" in capsys.readouterr().out
        finally:
            machine.close()


def test_a_demo_folder_does_not_open_with_a_real_dispenser(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="A demo data folder pays no notes"):
        machine_of(tmp_path, TLS, Kind.DEMO)
    machine = machine_of(tmp_path, SIMULATED, Kind.DEMO)
    assert machine.health().dispenser == SIMULATED
    assert not any("dispenser" in note for note in machine.health().notes)
    machine.close()
