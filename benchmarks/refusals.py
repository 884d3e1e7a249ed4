"""Test whether the time of a refusal reveals its reason: name, PIN, locked account or face."""

import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Final
from unittest import mock

import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict
from sklearn.neighbors import KNeighborsClassifier
from tqdm import tqdm

from atm.login.decision import Outcome
from atm.machine import Machine
from atm.opening import open_machine
from atm.people import Application, StaffMember
from benchmarks.bank import STAFF, bank_of, demo_settings

AUC_LIMIT: Final = 0.55
OWN_FACE, OTHER_FACE = "demo:0", "demo:1"
PIN, WRONG_PIN = "493817", "493818"
NEIGHBOURS: Final = 25


@dataclass(frozen=True, slots=True)
class Refusals:
    """Times of refusals, and how well they tell the reasons apart.

    Attributes:
        seconds: Times from the press to the answer, by the reason of the refusal.
        auc: AUC of the better of two classifiers on the times alone, by pair of reasons: the time
            itself, and a vote of its nearest neighbours, cross-validated.
    """

    seconds: dict[str, list[float]]
    auc: dict[tuple[str, str], float]

    @property
    def met(self) -> bool:
        """Whether no two reasons can be told apart."""
        return max(self.auc.values()) <= AUC_LIMIT

    def text(self) -> str:
        """Return the figures as printed lines."""
        lines = ["refused for      attempts  median ms   min ms   max ms"]
        for name, times in self.seconds.items():
            ms = np.array(times) * 1000
            lines.append(
                f"{name:<16} {len(ms):>8} {np.median(ms):>10.2f} {ms.min():>8.2f} {ms.max():>8.2f}"
            )
        lines += [f"AUC {a} / {b}: {auc:.3f}" for (a, b), auc in self.auc.items()]
        lines.append(f"no pair above {AUC_LIMIT}: {'met' if self.met else 'MISSED'}")
        return "\n".join(lines) + "\n"


def measure(folder: Path, attempts: int, after_s: float) -> Refusals:
    """Refuse *attempts* logins for each reason in random order, each *after_s* after the press.

    The machine is a real one, with Argon2id at its defaults and the drawn face; only the kiosk's
    own pause is switched off.
    """
    machine = open_machine(demo_settings(folder, OTHER_FACE))
    try:
        machine.warm_up()
        machine.camera.start()
        _enrol(machine, "other")
        machine.use_camera(OWN_FACE)
        for name in ("own", "locked"):
            _enrol(machine, name)
        attempts_of = bank_of(machine).stores.attempts
        attempts_of.lock(machine.office.known("locked", staff=STAFF).customer.customer_id)
        tries = {
            "unknown name": ("nobody", PIN),
            "wrong PIN": ("own", WRONG_PIN),
            "locked": ("locked", PIN),
            "wrong face": ("other", PIN),
        }
        order = [name for name in tries for _ in range(attempts)]
        random.Random(20261123).shuffle(order)
        seconds: dict[str, list[float]] = {name: [] for name in tries}
        bank_of(machine).logins._refuse_after_s = after_s
        with (
            mock.patch("atm.login.pause.REFUSALS", 10**9),
            mock.patch("atm.login.pause.WITHIN_S", 5.0),
        ):
            for name in tqdm(order, desc="refusals", unit="login"):
                begin = time.perf_counter()
                decision = machine.login(*tries[name])
                seconds[name].append(time.perf_counter() - begin)
                if decision.outcome is not Outcome.REFUSED:
                    raise ValueError(f"{name} was not refused: {decision.reasons}")
                for other in ("own", "other"):
                    known = machine.office.known(other, staff=STAFF)
                    attempts_of.clear(known.customer.customer_id)
    finally:
        machine.close()
    pairs = combinations(seconds, 2)
    return Refusals(seconds, {(a, b): told_apart(seconds[a], seconds[b]) for a, b in pairs})


def told_apart(first: list[float], second: list[float]) -> float:
    """Return the AUC of the better of two classifiers that see only the times; 0.5 is chance."""
    times = np.array([*first, *second])[:, np.newaxis]
    labels = np.repeat([0, 1], [len(first), len(second)])
    plain = float(roc_auc_score(labels, times[:, 0]))
    neighbours = KNeighborsClassifier(min(NEIGHBOURS, len(labels) // 4))
    voted = cross_val_predict(neighbours, times, labels, cv=5, method="predict_proba")[:, 1]
    return max(plain, 1 - plain, float(roc_auc_score(labels, voted)))


def _enrol(machine: Machine, name: str) -> None:
    application = Application(name, name, 0, PIN, datetime.now(UTC))
    machine.enrol(application, staff=STAFF, ask=lambda question: StaffMember("Second"))
