"""Starts tellers in a kiosk's folders, and plans their acts."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from atm.audit.verifier import hand_over
from atm.folder import open_folder
from atm.keys.keys import Keys
from atm.stores import Stores
from credentials.attempts import WRONG_LIMIT
from credentials.weak_pins import weakness
from tests.crash.place import copy, go_of, journal_of, said_by, settings_of, verifier_of
from tests.crash.teller import Act
from tests.crash.truth import Truth

ROOT = Path(__file__).parents[2]
OPENING_MINOR = 10**7
PEOPLE = 5
ENVIRONMENT = {
    **os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)
}  # fmt: skip
"""Of a teller: no thread that only waits."""


class Tellers:
    """Forks tellers, one at a time, from a process that has imported everything."""

    def __init__(self, work: Path) -> None:
        """Make a kiosk with a few customers in *work*; `copy` gives tellers one like it."""
        self._work = work
        self._copies = 0
        self._teller = 0
        self.base = work / "base"
        _new_kiosk(self.base)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.teller", str(self.base)],
            cwd=ROOT,
            env=ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        acts = [["enrol", f"person-{n}", f"407{n}", OPENING_MINOR] for n in range(PEOPLE)]
        self.start(self.base, acts)
        assert self.ended() == 0
        self._said = heard(self.base)
        assert sum(line.startswith("done") for line in self._said) == PEOPLE
        said_by(self.base).unlink()

    def __enter__(self) -> Self:
        """Be used in a with statement."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the process that forks, and a teller that a failed test left waiting."""
        if self._teller:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._teller, signal.SIGKILL)
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)

    def copy(self, to: Path | None = None) -> Path:
        """Return a fresh copy of the kiosk with its customers, at *to* or anywhere."""
        self._copies += 1
        return copy(self.base, to or self._work / f"kiosk{self._copies}")

    def truth(self) -> Truth:
        """Return what is true of a fresh copy."""
        truth = Truth()
        truth.hear(self._said)
        return truth

    def start(self, root: Path, acts: list[Act], *, wait: bool = False) -> tuple[int, int]:
        """Start a teller in *root*; return its process id and the descriptor it speaks to.

        With *wait* it does nothing before `go`.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        go_of(root).unlink(missing_ok=True)
        asked = {"root": str(root), "acts": acts, "wait": wait}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line.startswith("ready "), f"no teller: {line}"
        _, pid, handle = line.split()
        self._teller = int(pid)
        return self._teller, int(handle)

    def go(self, root: Path) -> None:
        """Let the teller in *root* begin."""
        go_of(root).touch()

    def ended(self) -> int:
        """Wait for the end of the teller; return its status, -9 if it was killed."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line.startswith("ended "), line
        self._teller = 0
        return int(line.split()[1])


def heard(root: Path) -> list[str]:
    """Return the whole lines that the last teller in *root* has said."""
    text = said_by(root).read_text("utf-8") if said_by(root).exists() else ""
    return text[: text.rfind("\n") + 1].splitlines()


def plan(truth: Truth, rng: random.Random, count: int, new: str) -> list[Act]:
    """Return *count* acts that fit *truth*, seeded; *new* begins the names of those enrolled."""
    pins = {n: min(p.pins) for n, p in truth.people.items() if p.here == {True}}
    taken = {name: max(truth.people[name].counts) for name in pins}
    acts: list[Act] = []
    while len(acts) < count:
        act = rng.choice(["enrol", "pin", "wrong", "withdraw", "delete", "lock"])
        name = rng.choice(sorted(pins)) if pins else ""
        if act == "enrol" or not pins:
            name, pin = f"{new}-{len(acts)}", _any_pin(rng)
            acts.append(["enrol", name, pin, OPENING_MINOR])
            pins[name], taken[name] = pin, 0
        elif act in ("wrong", "lock"):
            times = 1 if act == "wrong" else WRONG_LIMIT
            acts += [["wrong", name, "00000000"]] * times
            taken[name] = min(taken[name] + times, WRONG_LIMIT)
        elif act == "delete":
            acts.append(["delete", name])
            del pins[name], taken[name]
        elif taken[name] >= WRONG_LIMIT:
            acts.append(["unlock", name])
            taken[name] = 0
        elif act == "pin":
            new_pin = _any_pin(rng)
            acts.append(["pin", name, pins[name], new_pin])
            pins[name], taken[name] = new_pin, 0
        else:
            acts.append(["withdraw", name, pins[name], 1000 * rng.randint(1, 9)])
            taken[name] = 0
    return acts


def _any_pin(rng: random.Random) -> str:
    """Return a PIN of eight digits that is allowed."""
    while weakness(pin := f"{rng.randrange(10**8):08d}"):
        pass
    return pin


def _new_kiosk(root: Path) -> None:
    root.mkdir(0o700)
    settings = settings_of(root)
    folder = open_folder(settings.data_dir, settings.kind)
    keys = Keys.open(settings.key_dir, folder)
    stores = Stores.open(folder, keys, settings)
    hand_over(stores.audit, verifier_of(root))
    journal_of(root).touch(0o600)
