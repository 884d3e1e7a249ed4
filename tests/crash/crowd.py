"""Several kiosk processes that enrol at once in one data folder."""

import subprocess
import sys
from pathlib import Path

from tests.crash.teller import Teller
from tests.crash.tellers import ENVIRONMENT, ROOT, Tellers
from tests.crash.truth import check


def enrol_at_once(tellers: Tellers, processes: int, each: int) -> int:
    """Let *processes* enrol *each* customers at the same time.

    Returns:
        How many customers there are besides those of the base; each of them is whole.

    Raises:
        AssertionError: If an enrolment failed, or one that was acknowledged is not there.
    """
    root = tellers.copy()
    crowd = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.crash.crowd", str(root), f"crowd{number}", str(each)],
            cwd=ROOT,
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(processes)
    ]
    said = [one.communicate()[0].splitlines() for one in crowd]
    assert [one.returncode for one in crowd] == [0] * processes
    truth = tellers.truth()
    before = len(truth.people)
    for lines in said:
        assert [line.split(" ")[0] for line in lines] == ["begin", "done"] * each
        truth.hear(lines)
    check(root, truth)
    return sum(person.here == {True} for person in truth.people.values()) - before


def main(root: Path, name: str, count: int) -> None:
    """Enrol *count* customers whose names begin with *name*."""
    teller = Teller(root, lambda line: print(line, flush=True))
    for number in range(count):
        teller.do(["enrol", f"{name}-{number}", "729164", 100])


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
