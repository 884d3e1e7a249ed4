"""The documents are true: their commands run, and what they name exists."""

import contextlib
import dataclasses
import os
import pty
import re
import select
import shlex
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from tests.patience import LIMIT_S

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted(
    path for path in (*ROOT.glob("*.md"), *ROOT.glob("*/*.md"), *ROOT.glob("docs/*/*.md"))
    if path.name != "CHANGELOG.md"
)  # fmt: skip
OPERATIONS = ROOT / "docs" / "operations.md"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NEEDS_A_DEVICE = ("register-camera",)
"""Commands that no test folder takes."""

each_document = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=[str(path.relative_to(ROOT)) for path in DOCUMENTS]
)


def blocks(document: Path, language: str) -> list[str]:
    return [text for name, text in BLOCK.findall(document.read_text("utf-8")) if name == language]


@dataclasses.dataclass
class Step:
    """One command of a transcript, and the lines after it."""

    command: str
    shown: list[str]


def steps(document: Path) -> list[Step]:
    found: list[Step] = []
    for block in blocks(document, "console"):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append(Step(line[2:], []))
            else:
                found[-1].shown.append(line)
    return found


class Terminal:
    """A person at a terminal in an empty home folder, with a drawn face before the camera."""

    def __init__(self, home: Path) -> None:
        self._home = home
        for folder in ("media/auditor", "media/stick", "media/backup", "srv"):
            (home / folder).mkdir(parents=True)
        kept = {
            name: value for name, value in os.environ.items()
            if not name.startswith(("ATM_", "XDG_"))
        }  # fmt: skip
        self._env = kept | {
            "HOME": str(home),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "TERM": "dumb",
        }

    def here(self, text: str) -> str:
        """Return *text* of the document as it reads in a rehearsal in this home folder."""
        for written, rehearsed in (
            ("--kind live", "--kind test"), ("(live)", "(test)"), ("/dev/video0", "demo:1"),
            ("/media/", f"{self._home}/media/"), ("/srv/", f"{self._home}/srv/"),
        ):  # fmt: skip
            text = text.replace(written, rehearsed)
        return re.sub(r"(?<![\w/])~(?=/)", str(self._home), text)

    def play(self, step: Step) -> None:
        """Run the command, give each answer when it is asked for, and compare what is shown."""
        command = self.here(step.command)
        if shlex.split(command)[0] in ("export", "unset"):
            told = subprocess.run(
                ["bash", "-c", f"{command}; env -0"], env=self._env, stdout=subprocess.PIPE,
                text=True, check=True,
            ).stdout  # fmt: skip
            self._env = dict(line.split("=", 1) for line in told.split("\0") if line)
            return
        process, terminal = pty.fork()
        if not process:
            with contextlib.suppress(OSError):
                os.chdir(self._home)
                os.execvpe("bash", ["bash", "-c", command], self._env)
            os._exit(127)
        with os.fdopen(terminal, "rb+", buffering=0) as screen:
            mode = termios.tcgetattr(screen)
            mode[3] &= ~termios.ECHO  # what is typed is put beside its prompt here
            termios.tcsetattr(screen, termios.TCSANOW, mode)
            shown = self._talk(screen.fileno(), [self.here(line) for line in step.shown])
            _, status = os.waitpid(process, 0)
        assert os.waitstatus_to_exitcode(status) == 0, f"{step.command}\n{shown}"
        assert_alike(step.command, [self.here(line) for line in step.shown], shown)

    def _talk(self, terminal: int, expected: list[str]) -> list[str]:
        """Type what *expected* has after each prompt; return the lines of the screen."""
        answers = [line for line in expected if ": " in line]
        shown, latest = "", time.monotonic() + LIMIT_S
        while True:
            assert time.monotonic() < latest, shown
            if select.select([terminal], [], [], 0.05)[0]:
                try:
                    part = os.read(terminal, 4096)
                except OSError:  # Linux says so when the other end is gone
                    part = b""
                if not part:
                    return shown.replace("\r", "").splitlines()
                shown += part.decode("utf-8")
                continue
            asked = shown.rpartition("\n")[2]
            answer = next((line for line in answers if line.startswith(asked)), None)
            if asked.endswith(": ") and answer is not None:
                answers = answers[answers.index(answer) + 1 :]
                os.write(terminal, answer[len(asked) :].encode() + b"\n")
                shown += f"{answer[len(asked) :]}\n"


def assert_alike(command: str, expected: list[str], shown: list[str]) -> None:
    """Compare line by line; … stands for anything, and alone for any number of lines.

    Which movements the camera's person is asked for is drawn anew each time.
    """
    expected, shown = [
        [line for line in lines if line and not line.startswith("Please ")]
        for lines in (expected, shown)
    ]
    pattern = "".join(
        "(?:.*\n)*?" if line == "…" else re.escape(line).replace("…", ".*") + "\n"
        for line in expected
    )
    text = "".join(f"{line}\n" for line in shown)
    assert re.fullmatch(pattern, text), f"$ {command}\n{text}\nbut the document says:\n{expected}"


@pytest.mark.early
def test_the_runbook_and_every_example_of_a_command_run_as_written(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path / "home")
    settings = tmp_path / "home" / ".local" / "share" / "two-factor-atm" / "kiosk.toml"
    settings.parent.mkdir(parents=True)
    (text,) = blocks(OPERATIONS, "toml")
    settings.write_text(terminal.here(text), "utf-8")
    for step in steps(OPERATIONS):
        if not any(word in step.command for word in NEEDS_A_DEVICE):
            terminal.play(step)
