"""Kills tellers at random moments of mixed acts, in folders that live through many kills."""

import contextlib
import os
import random
import shutil
import signal
import time
from collections import Counter

from tests.crash.place import said_by
from tests.crash.teller import STAY
from tests.crash.tellers import Tellers, heard, plan
from tests.crash.truth import check

_KILLS_IN_ONE_FOLDER = 50
_ACTS = 60
_MOST_LINES = 24
"""The last line that a kill waits for; a teller says two for each act."""
_ONE_ACT_S = 0.015


def kill_at_random(tellers: Tellers, count: int, seed: int) -> Counter[str]:
    """Kill *count* tellers, each at a random moment, and check after each.

    The moment is a line that the teller says and a while after it, whatever the machine's speed; a
    teller with nothing left to do stays until it is killed.

    Returns:
        How many acts were acknowledged (``done``) and cut off (``in between``), and how many
        tellers said that an act had failed (``failed``), which none should.

    Raises:
        AssertionError: If something acknowledged is lost, or half of something is there.
    """
    rng = random.Random(seed)
    seen: Counter[str] = Counter()
    for kill in range(count):
        if kill % _KILLS_IN_ONE_FOLDER == 0:
            root, truth = tellers.copy(), tellers.truth()
        pid, _ = tellers.start(root, [*plan(truth, rng, _ACTS, f"new{kill}"), STAY])
        line, then_s = rng.randint(0, _MOST_LINES), rng.uniform(0, _ONE_ACT_S)
        with contextlib.suppress(ProcessLookupError):  # told of by how it ended
            while len(heard(root)) < line:
                os.kill(pid, 0)
                time.sleep(0.001)
            time.sleep(then_s)
            os.kill(pid, signal.SIGKILL)
        assert tellers.ended() == -9, f"it was not killed, but ended after {heard(root)[-1:]}"
        lines = heard(root)
        said_by(root).unlink()
        verbs = Counter(line.split(" ")[0] for line in lines)
        seen += Counter(
            {
                "done": verbs["done"],
                "failed": verbs["failed"],
                "in between": verbs["begin"] - verbs["done"] - verbs["failed"],
            }
        )
        try:
            truth.hear(lines)
            check(root, truth)
        except Exception as error:
            error.add_note(f"kill {kill} of seed {seed}, after {lines[-2:]}; kept in {root}")
            raise
        if (kill + 1) % _KILLS_IN_ONE_FOLDER == 0 or kill + 1 == count:
            shutil.rmtree(root)
    return seen
