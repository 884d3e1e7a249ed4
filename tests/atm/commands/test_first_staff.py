"""The first member of staff may approve models and settings; nobody else can this way."""

from pathlib import Path

import pytest

from atm.birth import bear
from atm.errors import NotApprovedError
from atm.folder import Kind
from atm.machine import Machine
from atm.opening import open_machine
from atm.people import StaffError
from atm.settings import Settings
from credentials.errors import PolicyError


def opened(tmp_path: Path, kind: Kind, liveness: str = "challenge") -> Machine:
    settings = Settings(
        data_dir=tmp_path / "data", key_dir=tmp_path / "keys", kind=kind, liveness=liveness
    )
    bear(settings)
    return open_machine(settings)


def test_a_second_first_leaves_the_approval_as_it_was(tmp_path: Path, no_sync: None) -> None:
    machine = opened(tmp_path, Kind.TEST)
    machine.first_staff("  Ruiz ", "482913")
    approved = machine.bank.stores.approvals.last
    assert approved is not None and approved.by == ("Ruiz",)
    with pytest.raises(StaffError, match="already"):
        machine.first_staff("mallory", "592846")
    assert machine.bank.stores.approvals.last == approved
    machine.close()


def test_a_weak_pin_approves_nothing(tmp_path: Path, no_sync: None) -> None:
    machine = opened(tmp_path, Kind.TEST)
    with pytest.raises(PolicyError):
        machine.first_staff("ruiz", "123456")
    assert machine.bank.stores.approvals.last is None
    machine.close()


@pytest.mark.parametrize("liveness", ["passive", "off"])
def test_a_live_folder_is_not_born_with_a_weaker_liveness_check(
    tmp_path: Path, no_sync: None, liveness: str
) -> None:
    machine = opened(tmp_path, Kind.LIVE, liveness)
    with pytest.raises(NotApprovedError, match="two members of staff"):
        machine.first_staff("ruiz", "482913")
    assert machine.staff.empty
    machine.close()
