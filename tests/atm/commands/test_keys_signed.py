"""Two members of staff sign what takes the root key out or changes it; a backup always opens."""

import pytest

from atm.errors import AtmError
from tests.atm.commands.branch import OKAFOR, RUIZ, WORDS, Branch, branch

__all__ = ["branch"]

BOTH = (*RUIZ, *OKAFOR)


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ((), 2),
        ((*RUIZ, WORDS), 2),
        (("ruiz", "000000", *OKAFOR, WORDS), 1),
        ((*RUIZ, "okafor", "000000", WORDS), 1),
        ((*RUIZ, *RUIZ, WORDS), 2),
        ((*BOTH, "too short"), 2),
    ],
)
@pytest.mark.parametrize("act", ["rotate", "backup"])
def test_without_two_signatures_the_key_stays_and_no_copy_is_made(
    branch: Branch, act: str, lines: tuple[str, ...], code: int
) -> None:
    branch.born("test")
    before, copy = branch.key.read_bytes(), branch.elsewhere / "copy"
    assert branch.atm("keys", act, "--file", copy, lines=lines) == code
    assert branch.key.read_bytes() == before
    assert not copy.exists()


def test_a_rotation_brings_its_own_backup(branch: Branch) -> None:
    branch.born("test")
    before, copy = branch.key.read_bytes(), branch.elsewhere / "copy"
    assert branch.atm("keys", "rotate", lines=(*BOTH, WORDS)) == 2
    assert "--file" in branch.err
    copy.write_text("taken")
    assert branch.atm("keys", "rotate", "--file", copy, lines=(*BOTH, WORDS)) == 2
    assert branch.key.read_bytes() == before
    copy.unlink()
    assert branch.atm("keys", "rotate", "--file", copy, lines=(*BOTH, WORDS)) == 0, branch.err
    assert branch.key.read_bytes() != before
    assert branch.entries("rotate")[0]["staff"] == ["ruiz", "okafor"]
    branch.key.unlink()
    assert branch.atm("keys", "restore", "--file", copy, lines=(WORDS,)) == 0, branch.err
    assert branch.atm("keys", "rotate") == 0, branch.err  # finishes what the backup began with
    assert branch.atm("list", lines=RUIZ) == 0, branch.err
    assert branch.atm("health", lines=RUIZ) == 1
    assert "Back up the keys" not in branch.out


def test_an_interrupted_rotation_is_finished_from_its_backup(
    branch: Branch, monkeypatch: pytest.MonkeyPatch
) -> None:
    branch.born("test")
    copy = branch.elsewhere / "copy"

    def broken(*_: object) -> None:
        raise AtmError("The disk refuses.")

    with monkeypatch.context() as patched:
        patched.setattr("atm.commands.closed.reseal_database", broken)
        assert branch.atm("keys", "rotate", "--file", copy, lines=(*BOTH, WORDS)) == 2
    assert branch.atm("list", lines=RUIZ) == 2
    branch.key.unlink()
    assert branch.atm("keys", "restore", "--file", copy, lines=(WORDS,)) == 0, branch.err
    assert branch.atm("keys", "rotate") == 0, branch.err
    assert branch.atm("list", lines=RUIZ) == 0, branch.err


def test_an_interrupted_rotation_does_not_go_on_over_an_older_log(
    branch: Branch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is finished without signatures, and with a TPM the anchor gets a new counter."""
    branch.born("test")
    log = branch.data / "audit.jsonl"
    older = log.read_bytes()

    def broken(*_: object) -> None:
        raise AtmError("The disk refuses.")

    with monkeypatch.context() as patched:
        patched.setattr("atm.commands.closed.reseal_database", broken)
        copy = branch.elsewhere / "copy"
        assert branch.atm("keys", "rotate", "--file", copy, lines=(*BOTH, WORDS)) == 2
    newest, key = log.read_bytes(), branch.key.read_bytes()
    log.write_bytes(older)
    assert branch.atm("keys", "rotate") == 2
    assert branch.key.read_bytes() == key
    log.write_bytes(newest)
    assert branch.atm("keys", "rotate") == 0, branch.err
