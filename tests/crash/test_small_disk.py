"""A kiosk on a full or read-only disk reports it, leaves nothing unfinished, and recovers."""

import re
import shutil
from pathlib import Path

import pytest

from atm.errors import AtmError
from atm.opening import open_machine
from tests.crash.boundaries import ACTS
from tests.crash.place import settings_of
from tests.crash.small_disk import fill, fill_each, read_only
from tests.crash.tellers import Tellers, heard
from tests.crash.truth import check


@pytest.mark.parametrize(
    ("act", "pages", "room"),
    [
        ("enrolment", 0, False),
        ("enrolment", 7, True),
        ("PIN change", 3, False),
        ("lock-out", 2, True),
        ("withdrawal", 5, False),
        ("deletion", 4, False),
    ],
)
def test_full_disk(tellers: Tellers, work: Path, act: str, pages: int, room: bool) -> None:
    assert fill(tellers, work, act, pages, room=room)["failed"] > 0


@pytest.mark.long
@pytest.mark.parametrize("room", [False, True])
@pytest.mark.parametrize("act", ACTS)
def test_disk_that_is_full_at_each_write(
    tellers: Tellers, work: Path, act: str, room: bool
) -> None:
    disks, seen = fill_each(tellers, work, act, room=room)
    print(f"\n{act}, {room=}: {disks} disks too small, {dict(seen)}")
    assert disks > 5


@pytest.mark.parametrize("what", ["data", "keys"])
def test_kiosk_does_not_start_in_a_read_only_folder(
    tellers: Tellers, work: Path, what: str
) -> None:
    root = tellers.copy()
    with read_only(root / what), pytest.raises(AtmError) as caught:
        open_machine(settings_of(root))
    assert re.fullmatch(r"The .* cannot be \w+: .*read-?only.*\.", str(caught.value), re.I | re.S)
    check(root, tellers.truth())


@pytest.mark.parametrize("what", ["data", "keys", "anchor", "dispenser"])
def test_folder_that_turns_read_only_admits_nobody_and_loses_nothing(
    tellers: Tellers, work: Path, what: str
) -> None:
    root = tellers.copy()
    tellers.start(root, [step for steps in ACTS.values() for step in steps], wait=True)
    with read_only(root / what):
        tellers.go(root)
        assert tellers.ended() == 0
    lines = heard(root)
    failed = [line for line in lines if line.startswith("failed")]
    if what == "dispenser":
        assert len(failed) == 1 and "HeldError: Please ask staff: the amount" in failed[0]
    else:
        assert len(failed) >= len(ACTS) - 1
        assert all(re.search("read-?only", line, re.I) for line in failed), failed
        assert {line.split(" ")[1] for line in lines if line.startswith("done")} <= {"wrong"}
    truth = tellers.truth()
    truth.hear(lines)
    check(root, truth)
    shutil.rmtree(root)
