"""Simulated visits in values and tables: attacks by species, and honest customers."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from face_auth.evaluation.metrics import upper_bound
from face_auth.evaluation.protocols.pad.visits import Visit
from face_auth.evaluation.result import Table, percent


@dataclass(frozen=True, slots=True)
class HonestVisit:
    """A bona fide customer's visit: number of attempts, duration and outcome."""

    first: Visit
    attempts: int
    seconds: float
    passed: bool


def rates(visits: Sequence[Visit]) -> dict[str, Any]:
    """Return the counts and rates of one species."""
    passed = sum(one.passed for one in visits)
    return {
        "sequences": len(visits),
        "passed": passed,
        "not judged": sum(not one.passed and not one.suspected for one in visits),
        "APCER": passed / len(visits),
        "upper bound": upper_bound(passed, len(visits)),
        "refused by": dict(Counter(one.reason for one in visits if not one.passed)),
    }


def worst(attacks: dict[str, list[Visit]]) -> str:
    """Return the species with the highest upper bound."""
    return max(attacks, key=lambda name: rates(attacks[name])["upper bound"])


def simulated_summary(values: dict[str, Any]) -> str:
    """Return the most important number: of the worst species and of honest customers."""
    summary = f"BPCER {percent(values['bona fide']['BPCER'], 1)} at the first attempt."
    if not values["attacks"]:
        return summary
    highest = max(values["attacks"], key=lambda name: values["attacks"][name]["upper bound"])
    bound = percent(values["attacks"][highest]["upper bound"], 1)
    return f"Simulated: the worst species, {highest}, passes below {bound} (95 %); {summary}"


def attack_table(attacks: dict[str, list[Visit]], network: bool) -> Table:
    """Return the table of all species; *network* says whether the liveness network took part."""
    highest, rows = worst(attacks), []
    for name, visits in attacks.items():
        found = rates(visits)
        by_challenge = sum(reason.startswith("challenge") for reason in _reasons(visits))
        cells = (
            name,
            f"{found['passed']} of {found['sequences']}",
            percent(found["APCER"], 1),
            percent(found["upper bound"], 1),
            f"{len(_reasons(visits)) - by_challenge}",
            f"{by_challenge}",
        )
        rows.append(tuple(f"**{cell}**" for cell in cells) if name == highest else cells)
    return Table(
        "Simulated attacks",
        ("species", "passed", "APCER", "95 % upper bound", "by passive cues", "by challenge"),
        rows,
        (
            "Simulated from LFW photographs of people whom the network did not see; the two last "
            "columns say what refused first. Upper bound: Clopper-Pearson, one-sided.",
            f"The published liveness network {'took' if network else 'did not take'} part. "
            "Masks in three dimensions and deep fakes injected live are not in here.",
        ),
    )


def _reasons(visits: Sequence[Visit]) -> list[str]:
    return [one.reason for one in visits if not one.passed]


def honest_values(honest: Sequence[HonestVisit]) -> dict[str, Any]:
    """Return counts, rates, attempts and seconds of bona fide visits."""
    refused = sum(not one.first.passed for one in honest)
    suspected = sum(one.first.suspected for one in honest)
    went_well = [one for one in honest if one.passed]
    first = [one.first.seconds for one in honest if one.first.passed]
    seconds = [one.seconds for one in went_well]

    def at(values: Sequence[float], share: float) -> float | None:
        return float(np.percentile(values, share)) if values else None

    return {
        "visits": len(honest),
        "refused at first": refused,
        "suspected at first": suspected,
        "BPCER": refused / len(honest),
        "upper bound": upper_bound(refused, len(honest)),
        "refused three times": len(honest) - len(went_well),
        "attempts": {
            "median": at([one.attempts for one in went_well], 50),
            "p95": at([one.attempts for one in went_well], 95),
        },
        "seconds": {"median": at(seconds, 50), "p95": at(seconds, 95)},
        "seconds of a first attempt": {"median": at(first, 50), "p95": at(first, 95)},
        "refused by": dict(Counter(one.first.reason for one in honest if not one.first.passed)),
    }


def honest_table(honest: Sequence[HonestVisit], rate: float) -> Table:
    """Return the table of bona fide visits at *rate* judged pictures a second."""
    values = honest_values(honest)

    def shown(name: str, digits: int = 1) -> str:
        median, p95 = values[name]["median"], values[name]["p95"]
        return "–" if median is None else f"{median:.{digits}f} / {p95:.{digits}f}"

    return Table(
        "Simulated honest customers",
        (
            "visits",
            "refused at first",
            "of them suspected",
            "BPCER",
            "95 % upper bound",
            "refused three times",
            "attempts",
            "seconds",
        ),
        [
            (
                f"{values['visits']}",
                f"{values['refused at first']}",
                f"{values['suspected at first']}",
                percent(values["BPCER"], 1),
                percent(values["upper bound"], 1),
                f"{values['refused three times']}",
                shown("attempts", 0),
                shown("seconds"),
            )
        ],
        (
            f"Median / 95 % of those who got in, at {rate:g} judged pictures a second. How fast "
            "people move is assumed, not measured. Whom the check could not judge counts as "
            "refused; the kiosk asks them to try again and suspects nothing.",
        ),
    )
