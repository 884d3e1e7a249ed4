"""The documents are true: their commands run, and what they name exists."""

import codecs
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
from collections.abc import Iterable
from pathlib import Path

import pytest

from atm.login.decision import Decision, Outcome
from atm.metrics import Metrics
from atm.settings import Settings
from kiosk.monitoring import _READ, Monitoring
from tests.patience import LIMIT_S

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted(
    path for path in (*ROOT.glob("*.md"), *ROOT.glob("*/*.md"), *ROOT.glob("docs/*/*.md"))
    if path.name != "CHANGELOG.md"
)  # fmt: skip
OPERATIONS = ROOT / "docs" / "operations.md"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
NAMED = re.compile(r"`([\w.*/-]+)`")
MODULE = re.compile(r"python -m ([\w.]+)")
GENERATED = ("benchmarks/out/", "kiosk/words/locale/it/")
"""Paths that documents name and commands write."""
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
    """A person at a terminal in an empty home folder, with a drawn face before the camera.

    The drawn face is asked for no movements: a busy machine may judge too few frames a second for
    a challenge, and refuses then. Challenges are tested where frames do not depend on the machine.
    """

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
            ("--kind live", "--kind test"), ("(live)", "(test)"),
            ("--camera /dev/video0", "--camera demo:1 --liveness off"), ("/dev/video0", "demo:1"),
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
        decoder = codecs.getincrementaldecoder("utf-8")()
        while True:
            assert time.monotonic() < latest, shown
            if select.select([terminal], [], [], 0.05)[0]:
                try:
                    part = os.read(terminal, 4096)
                except OSError:  # Linux says so when the other end is gone
                    part = b""
                if not part:
                    return shown.replace("\r", "").splitlines()
                shown += decoder.decode(part)
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


def slug(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    kept = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower())
    return kept.strip().replace(" ", "-")


def anchors(document: Path) -> set[str]:
    text = re.sub(r"^```.*?^```$", "", document.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return {slug(heading) for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}


@each_document
def test_every_link_leads_to_a_file_and_a_heading(document: Path) -> None:
    for link in LINK.findall(document.read_text("utf-8")):
        if "://" in link:
            continue
        file, _, anchor = link.partition("#")
        target = document.parent / file if file else document
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@each_document
def test_every_path_and_module_that_a_document_names_exists(document: Path) -> None:
    text = document.read_text("utf-8")
    tops = {path.name for path in ROOT.iterdir() if path.is_dir()}
    for name in NAMED.findall(text):
        if name.partition("/")[0] in tops and "/" in name and not name.startswith(GENERATED):
            assert any(ROOT.glob(name.rstrip("/"))), name
    for module in MODULE.findall(text):
        module = module.rstrip(".")
        if module.partition(".")[0] in tops:
            place = ROOT.joinpath(*module.split("."))
            assert place.with_suffix(".py").exists() or (place / "__main__.py").exists(), module


def test_the_rooms_of_the_architecture_are_those_of_the_packages() -> None:
    drawn = blocks(ROOT / "docs" / "architecture.md", "")[0]
    above: list[Path] = []
    for line in filter(None, drawn.splitlines()):
        depth = (len(line) - len(line.lstrip())) // 2
        if depth > 5:  # the end of a description
            continue
        names = re.split(r"\s{2,}", line.strip())[0].split(", ")
        above = [*above[:depth], Path(names[0])]
        for name in names:
            assert ROOT.joinpath(*above[:depth], name).exists(), line
    for package in ("kiosk", "atm", "face_auth", "credentials"):
        for room in (ROOT / package).rglob("__init__.py"):
            assert f"{room.parent.name}/" in drawn, room.parent


def test_the_table_of_settings_names_every_setting_and_no_other() -> None:
    text = OPERATIONS.read_text("utf-8")
    table = text[text.index("| setting |") : text.index("Weaker liveness than")]
    names = [row.split("|")[1] for row in table.splitlines()[2:] if row]
    named = re.findall(r"`(\w+)`", " ".join(names))
    assert sorted(named) == sorted(field.name for field in dataclasses.fields(Settings))


def test_every_command_of_the_machine_stands_in_the_runbook_or_its_reference() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "atm", "--help"], cwd=ROOT, stdout=subprocess.PIPE, text=True,
        check=True,
    ).stdout  # fmt: skip
    commands = re.findall(r"^    ([a-z][a-z-]+)", told, re.MULTILINE)
    assert len(commands) > 15, told
    text = OPERATIONS.read_text("utf-8")
    assert [name for name in commands if f"python -m atm {name}" not in text] == []


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


def test_every_metric_that_the_runbook_names_is_served_and_every_one_served_is_named() -> None:
    metrics = Metrics("127.0.0.1:0", lambda: dict(monitoring._gauges()))
    monitoring = Monitoring.__new__(Monitoring)
    monitoring.in_service, monitoring._machine = (lambda: True), None
    metrics.login(Decision(Outcome.GRANTED), 1.0, "face")
    served = {sample.name for family in metrics.registry.collect() for sample in family.samples}
    served |= {name for name, _about, _read in _READ}
    # The service's packages may not be here; `tests/fleet/service` asks a real one.
    service = (ROOT / "atm" / "fleet" / "service" / "monitoring.py").read_text("utf-8")
    served |= set(re.findall(r'"(atm_\w+)"', service))
    text = OPERATIONS.read_text("utf-8")
    part = text[text.index("## Monitoring") : text.index("## After a loss")]
    assert base(re.findall(r"\batm_\w+", part)) == base(served)


def base(names: Iterable[str]) -> set[str]:
    """Return the names of a bank's metrics, histograms without their parts."""
    return {re.sub("_(bucket|sum|count)$", "", name) for name in names if name.startswith("atm_")}


def test_every_label_that_an_alert_asks_for_is_one_of_its_metric() -> None:
    (rules,) = blocks(OPERATIONS, "yaml")
    metrics = Metrics("127.0.0.1:0", dict)
    metrics.login(Decision(Outcome.GRANTED), 1.0, "face")
    labels: dict[str, dict[str, set[str]]] = {}
    for family in metrics.registry.collect():
        for sample in family.samples:
            for name, value in sample.labels.items():
                labels.setdefault(sample.name, {}).setdefault(name, set()).add(value)
    asked = re.findall(r'(atm_\w+)\{(\w+)=~?"([^"]+)"\}', rules)
    assert asked
    for metric, label, values in asked:
        assert set(values.split("|")) <= labels[metric][label], (metric, label)
