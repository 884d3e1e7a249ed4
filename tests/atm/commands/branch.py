"""A data folder with members of staff, used by commands in this process."""

import io
from pathlib import Path
from typing import Any

import pytest

from atm.__main__ import main
from atm.audit import AuditLog
from atm.audit.__main__ import main as audit_main
from atm.folder import open_existing

RUIZ, OKAFOR, TANAKA = ("ruiz", "482913"), ("okafor", "739164"), ("tanaka", "518206")
WORDS = "nine quiet otters drum"


class Branch:
    """One data folder with its keys and a place elsewhere."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.data, self.keys, self.elsewhere = (
            folder / name for name in ("data", "keys", "elsewhere")
        )
        self.elsewhere.mkdir()
        self._monkeypatch, self._capsys = monkeypatch, capsys
        monkeypatch.setenv("ATM_KEY_DIR", str(self.keys))
        monkeypatch.setenv("ATM_NETWORK", "bundled")  # which has no terms to confirm
        self.out = self.err = ""

    def _run(self, program: Any, arguments: tuple[object, ...], lines: tuple[str, ...]) -> int:
        typed = "".join(line + "\n" for line in lines)
        self._monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        self._capsys.readouterr()
        code = int(program([*map(str, arguments), "--data", str(self.data)]))
        self.out, self.err = self._capsys.readouterr()
        return code

    def atm(self, *arguments: object, lines: tuple[str, ...] = ()) -> int:
        return self._run(main, arguments, lines)

    def audit(self, *arguments: object, lines: tuple[str, ...] = ()) -> int:
        return self._run(audit_main, arguments, lines)

    def born(self, kind: str) -> "Branch":
        """Make the folder, with ruiz, okafor and tanaka."""
        assert self.atm("init", "--kind", kind, lines=RUIZ) == 0, self.err
        assert self.atm("staff", "add", OKAFOR[0], lines=(*RUIZ, OKAFOR[1])) == 0, self.err
        added = self.atm("staff", "add", TANAKA[0], lines=(*RUIZ, *OKAFOR, TANAKA[1]))
        assert added == 0, self.err
        return self

    def remove_tanaka(self) -> None:
        """Remove tanaka, then put back the list of staff of before."""
        list_of_staff = self.data / "staff.json"
        before = list_of_staff.read_bytes()
        assert self.atm("staff", "remove", "tanaka", lines=(*RUIZ, *OKAFOR)) == 0, self.err
        list_of_staff.write_bytes(before)

    @property
    def key(self) -> Path:
        (found,) = self.keys.glob("*.key")
        return found

    @property
    def log_key(self) -> Path:
        (found,) = self.keys.glob("*.audit")
        return found

    def entries(self, kind: str) -> list[dict[str, Any]]:
        """Return the entries of that kind, of the present log and of those set aside."""
        log = AuditLog.of(open_existing(self.data), self.keys)
        return [each for each in log.entries() if each["kind"] == kind]


@pytest.fixture
def branch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    no_sync: None,
) -> Branch:  # fmt: skip
    return Branch(tmp_path, monkeypatch, capsys)
