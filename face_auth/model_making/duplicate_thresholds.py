"""Thresholds of the duplicate search, and their rates of true and false hits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import NormalDist
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from face_auth.errors import ModelError
from face_auth.gallery.duplicates import FALSE_HITS, Thresholds, Whitening
from face_auth.model_making.card_writing import card_of, write_entry
from face_auth.model_making.cohort import People
from face_auth.models import load_card, load_cohort, read_entry
from face_auth.recognition.classifier import Embeddings

CUSTOMERS: Final = (10, 100, 1_000, 10_000)
"""Numbers of customers for which the card holds a threshold."""
CAPTURES: Final = 5
DRAWS: Final = 20
COMMONEST: Final = 1e-2
"""The tail begins at this rate of comparisons."""
FEWEST_PEOPLE: Final = 100
PAIRS_BEYOND: Final = 10
"""Number of pairs of people that must exceed a threshold for its rate to be measured."""
SEED: Final = 20261123

Own = Mapping[str, Embeddings]


@dataclass(frozen=True, slots=True)
class Tail:
    """The upper tail of the similarities between different people.

    Attributes:
        thresholds: By number of customers.
        people: How many the tail was measured on.
        pairs: Distinct pairs of them.
        measured_to: The lowest rate of comparisons that was measured.
    """

    thresholds: Thresholds
    people: int
    pairs: int
    measured_to: float


def tail_of(people: Own, whitening: Whitening) -> Tail:
    """Return the thresholds for `FALSE_HITS`, measured if possible, otherwise extrapolated.

    Each person is the mean of five photographs, drawn `DRAWS` times. Per comparison the rate is
    1 - (1 - FALSE_HITS) ** (1 / customers). A rate below what the pairs can show is read from the
    straight line of similarity over the normal quantile of the rate, through the measured tail and
    then raised until none of it lies above: the commonest look-alikes are more than a normal tail.
    Single photographs of 1,878 people of LFW reach further (1.8 million pairs): with the first
    bundled network a line through 1e-2 to 1e-4 said 0.521 at 1e-5 and 0.585 at 1e-6; measured were
    0.518 and 0.596, the latter on ten pairs, some of them one person under two names.

    Args:
        people: All embeddings of each person, unit rows, shape (n, 512).
        whitening: As the kiosk's.

    Raises:
        ModelError: If fewer than `FEWEST_PEOPLE` have five photographs.
    """
    drawn = [_means(people, CAPTURES, CAPTURES, draw) for draw in range(DRAWS)]
    count = len(drawn[0])
    if count < FEWEST_PEOPLE:
        raise ModelError(
            f"{count} people have {CAPTURES} photographs or more; {FEWEST_PEOPLE} are needed to "
            "measure how alike different people are."
        )
    pairs = count * (count - 1) // 2
    lowest = PAIRS_BEYOND / pairs
    upper = np.triu_indices(count, 1)
    whitened = [whitening(means) for means in drawn]
    scores = np.sort(np.concatenate([(rows @ rows.T)[upper] for rows in whitened]))

    def measured(rate: float) -> float:
        return float(scores[len(scores) - 1 - int(rate * len(scores))])

    rates = np.geomspace(COMMONEST, lowest, 16).tolist()
    places = [NormalDist().inv_cdf(1 - rate) for rate in rates]
    reached = np.array([measured(rate) for rate in rates])
    slope, start = np.polyfit(places, reached, 1)
    start += float((reached - slope * np.array(places) - start).max())
    thresholds = {}
    for customers in CUSTOMERS:
        rate = 1 - (1 - FALSE_HITS) ** (1 / customers)
        line = float(start + slope * NormalDist().inv_cdf(1 - rate))
        value = max(line, measured(rate)) if rate >= lowest else line
        thresholds[customers] = round(min(value, 0.99), 4)
    return Tail(Thresholds(thresholds), count, pairs, lowest)


def true_hits(people: Own, whitening: Whitening, captures: int) -> tuple[int, NDArray[np.float32]]:
    """Return the similarities of people enrolled twice, from different photographs.

    Returns:
        How many people have twice *captures* photographs; `DRAWS` similarities of each.
    """
    rows = []
    for draw in range(DRAWS):
        first = whitening(_means(people, captures, 2 * captures, draw))
        second = whitening(_means(people, captures, 2 * captures, draw, captures))
        rows.append((first * second).sum(axis=1))
    return len(rows[0]), np.concatenate(rows)


def false_hits(people: Own, whitening: Whitening, tail: Tail, captures: int) -> tuple[int, float]:
    """Measure the false hits of each person against all others as customers.

    Returns:
        The number of customers searched, and the share of people for whom one of them was named.
    """
    shares = []
    for draw in range(DRAWS):
        rows = whitening(_means(people, captures, captures, draw))
        scores = rows @ rows.T
        np.fill_diagonal(scores, -1)
        shares.append((scores.max(axis=1) >= tail.thresholds.at(len(rows) - 1)).mean())
    return len(rows) - 1, float(np.mean(shares))


def measure(
    name: str, folder: Path, unseen: People, say: Callable[[str], None] = print
) -> dict[str, Any]:
    """Return the card's entry on the search: thresholds, true and false hits.

    Args:
        name: The network.
        folder: The models folder.
        unseen: People whom the network did not see.
        say: Gets a line on each figure.

    Raises:
        ModelError: If there are too few people, or the network has no cohort.
    """
    card = load_card(name, folder)
    whitening = Whitening(load_cohort(card))
    people = dict(unseen)
    tail = tail_of(people, whitening)
    table = tail.thresholds.by_customers
    say(f"{tail.people} people, {tail.pairs:,} pairs; thresholds {dict(table)}")
    found: dict[str, Any] = {}
    passed: dict[str, Any] = {}
    for captures, words in ((CAPTURES, "five photographs"), (1, "one photograph")):
        count, similarities = true_hits(people, whitening, captures)
        if count:
            found[words] = {"people": count} | {
                str(n): round(float((similarities >= limit).mean()), 4)
                for n, limit in table.items()
            }
            say(f"the same person twice, {words} each time: found {found[words]}")
        passed[words] = _held_out(people, whitening, captures)
        say(f"a new person, {words}, thresholds from the other half: {passed[words]}")
    return {
        "how": "cosine of the mean embeddings of two enrolments, whitened by the cohort",
        "thresholds": {str(n): value for n, value in table.items()},
        "false hits aimed at, over all customers": FALSE_HITS,
        "network": card.sha256,
        "cohort": card.cohort_sha256,
        "people": tail.people,
        "pairs": tail.pairs,
        "measured down to a rate of": float(f"{tail.measured_to:.2g}"),
        "beyond that": "extrapolated as the tail of a normal distribution",
        "true hits by number of customers": found,
        "false hits, thresholds from the other half of the people": passed,
        "date": datetime.now(UTC).date().isoformat(),
    }


def write_thresholds(name: str, folder: Path, measured: Mapping[str, Any]) -> str:
    """Write the entry that `measure` returned into the network's card; return a message."""
    entry = dict(read_entry(name, folder))
    entry["duplicates"] = dict(measured)
    path = card_of(name, folder)
    write_entry(path, name, entry)
    return f"Wrote the thresholds of the search through all customers into {path}."


def _held_out(people: Own, whitening: Whitening, captures: int) -> dict[str, Any]:
    """Return the false hits of each half of the people at the other half's thresholds."""
    many = sorted(name for name, rows in people.items() if len(rows) >= CAPTURES)
    few = sorted(people.keys() - set(many))
    halves = [{n: people[n] for n in (*many[i::2], *few[i::2])} for i in (0, 1)]
    shares: list[float] = []
    customers = 0
    for half, other in (halves, reversed(halves)):
        try:
            tail = tail_of(other, whitening)
        except ModelError:
            return {"not measured": "too few people for two halves"}
        customers, share = false_hits(half, whitening, tail, captures)
        shares.append(share)
    return {"customers": customers, "share": round(float(np.mean(shares)), 5)}


def _means(people: Own, captures: int, least: int, draw: int, skip: int = 0) -> Embeddings:
    """Return a mean of *captures* rows drawn of each person with *least* rows, unit rows."""
    means = [
        rows[_order(name, len(rows), draw)[skip : skip + captures]].mean(axis=0)
        for name, rows in people.items()
        if len(rows) >= least
    ]
    stacked = np.asarray(means, np.float32).reshape(-1, 512)
    return np.asarray(stacked / np.linalg.norm(stacked, axis=1, keepdims=True), np.float32)


def _order(name: str, count: int, draw: int) -> NDArray[np.int64]:
    return np.random.default_rng([SEED, draw, *name.encode()]).permutation(count)
