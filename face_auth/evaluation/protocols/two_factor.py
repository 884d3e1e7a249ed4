"""Protocol: the combined odds of a guessed PIN and a false match."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from face_auth.evaluation.bootstrap import Attempts
from face_auth.evaluation.context import Context
from face_auth.evaluation.protocols import calibration
from face_auth.evaluation.result import Section, Table, one_in, percent

NAME: Final = "two-factor"
TRIES_A_VISIT: Final = 3


@dataclass(frozen=True, slots=True)
class PinRules:
    """The PIN factor's limits: PIN length and allowed attempts.

    Attributes:
        shortest: Digits of the shortest PIN.
        allowed: How many PINs of so many digits a customer may choose.
        guesses: Wrong PINs with an accepted face before the customer is locked.
    """

    shortest: int
    allowed: int
    guesses: int


def two_factor(context: Context, rules: PinRules) -> Section:
    """Combine the odds of guessing the PIN with the measured false match rates."""
    guess = rules.guesses / rules.allowed
    points = [point for point in calibration.points_of(context) if not point.missing]
    figures: dict[str, dict[str, Any]] = {}
    rows = []
    for point in points:
        visit = matched_in_a_visit(context.kiosk_draws, point.threshold)
        own = {
            "fmr": point.fmr,
            "fmr upper bound": point.fmr_interval.high,
            "random PIN": point.fmr * guess,
            "random PIN, upper bound": point.fmr_interval.high * guess,
            "PIN known, a visit": visit,
            "customer refused, one try": point.fnmr,
            "customer refused, a visit": point.refused,
        }
        figures[point.rate] = own
        rows.append(
            (
                one_in(float(point.rate)),
                odds(point.fmr * guess),
                odds(point.fmr_interval.high * guess),
                "–" if visit is None else odds(visit),
                percent(point.fnmr),
                "–" if point.refused is None else percent(point.refused),
            )
        )
    if points:
        strictest = figures[points[-1].rate]
        summary = (
            f"At FMR {one_in(float(points[-1].rate))} a stranger with a guessed PIN gets in "
            f"{odds(strictest['random PIN'])} times."
        )
    else:
        summary = f"No odds: {calibration.too_few(context)}"
    return Section(
        name=NAME,
        title="Two factors: PIN and face together",
        summary=summary,
        values={
            "digits": rules.shortest,
            "guesses": rules.guesses,
            "PIN guessed within the lock-out": guess,
            "rates": figures,
        },
        tables=(
            Table(
                "Who gets in",
                (
                    "FMR",
                    f"stranger, {rules.guesses} guesses",
                    "upper bound",
                    "stranger knows the PIN",
                    "customer refused",
                    "three times",
                ),
                rows,
                (
                    f"A PIN of {rules.shortest} random digits is guessed in {rules.guesses} tries "
                    f"once in {1 / guess:,.0f}. A wrong PIN counts only with an accepted face, so "
                    "nobody guesses without one; whoever's face always passes, such as a twin, has "
                    f"those odds of the PIN alone. Of {10**rules.shortest:,} PINs "
                    f"{rules.allowed:,} may be chosen; the others are guessed first.",
                    f"A stranger who knows the PIN tries {TRIES_A_VISIT} different photographs in "
                    "a visit. Nobody here holds up a picture of the customer: that is for liveness "
                    "detection, and measured with it.",
                ),
            ),
        ),
    )


def matched_in_a_visit(
    draws: Sequence[Attempts], threshold: float, tries: int = TRIES_A_VISIT
) -> float | None:
    """Return the chance that one of *tries* photographs of a stranger matches a customer.

    Each pair of a customer and a stranger with so many photographs counts alike; None if no
    stranger has so many.
    """
    chances = []
    for attempts in draws:
        hits = np.zeros_like(attempts.counts)
        matched = attempts.impostor >= threshold
        np.add.at(hits, (attempts.customer[matched], attempts.stranger[matched]), 1)
        enough = attempts.counts >= tries
        if not enough.any():
            return None
        count, missed = attempts.counts[enough], (attempts.counts - hits)[enough]
        none = np.ones(len(count))
        for drawn in range(tries):  # photograph after photograph, none put back
            none *= np.maximum(missed - drawn, 0) / (count - drawn)
        chances.append(float(1 - none.mean()))
    return sum(chances) / len(chances)


def odds(chance: float) -> str:
    """Return a small probability as text: "1 in 20,000"."""
    return f"1 in {1 / chance:,.0f}" if chance > 0 else "never seen"
