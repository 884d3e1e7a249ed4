"""Comparison of a new network with the present one, by the kiosk's protocol on reserved people."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from face_auth.datasets.pairs_list import Pair, read_pairs
from face_auth.evaluation.bootstrap import REPETITIONS, Attempts, Bootstrap, interval
from face_auth.evaluation.context import Context
from face_auth.evaluation.features import Extractor
from face_auth.evaluation.material import Material, Photographs, photographs_in
from face_auth.evaluation.metrics import Interval, tar_at_fmr
from face_auth.models import load_card, load_cohort
from face_auth.recognition.embedding import load_network
from face_auth.training.people import Half, half_of
from face_auth.training.shards import TrainingError

RATES: Final = (1e-3, 1e-4)
LARGEST_BYTES: Final = 25_000_000
LONGEST: Final = 1.1
"""Largest ratio of the new network's time to the old one's."""
ROUNDS: Final = 60
"""Of timing, in turns."""


class Outcome(StrEnum):
    """The outcome of a comparison for the new network."""

    BETTER = "better"
    WORSE = "worse"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of both networks, and the paired difference, new minus old.

    Attributes:
        old: Of the present network.
        new: Of the other.
        around: 95 % interval of the difference, by bootstrap over people.
    """

    old: float
    new: float
    around: Interval


@dataclass(frozen=True, slots=True)
class Comparison:
    """The measurements on which the outcome depends.

    Attributes:
        tar: True accept rate by false match rate ("0.001").
        pairs: Accuracy on View 2 of LFW; None where none of its pairs is in this half.
        sizes: Bytes of old and new.
        milliseconds: A face with its mirror image, old and new, the least of ROUNDS.
        customers: People enrolled.
        people: People whose attempts were scored.
    """

    tar: Mapping[str, Difference]
    pairs: Difference | None
    sizes: tuple[int, int]
    milliseconds: tuple[float, float]
    customers: int
    people: int

    def verdict(self) -> tuple[Outcome, str]:
        """Return the outcome (better, worse, cannot tell) and the reason.

        Better is whose difference in TAR at 1e-3 lies above zero with its whole interval, while
        neither TAR at 1e-4 nor the pairs' accuracy lies below zero with theirs, and which is small
        and fast enough.
        """
        first, second = self.tar["0.001"].around, self.tar["0.0001"].around
        if self.sizes[1] > LARGEST_BYTES:
            return Outcome.WORSE, f"its file has {self.sizes[1] / 1e6:.1f} MB"
        if self.milliseconds[1] > LONGEST * self.milliseconds[0]:
            return Outcome.WORSE, "it takes more than a tenth longer"
        if first.high < 0:
            return Outcome.WORSE, "TAR at FMR 1e-3 is lower"
        if second.high < 0:
            return Outcome.WORSE, "TAR at FMR 1e-4 is lower"
        if self.pairs is not None and self.pairs.around.high < 0:
            return Outcome.WORSE, "the pairs' accuracy is lower"
        if first.low > 0:
            return Outcome.BETTER, "TAR at FMR 1e-3 is higher, and nothing else is worse"
        return Outcome.CANNOT_TELL, "the difference in TAR at FMR 1e-3 may be none"


def compare(
    old: Path,
    new: Path,
    photographs: Path,
    cache: Path,
    seed: int,
    pairs_file: Path | None = None,
) -> Comparison:
    """Measure two networks on the same attempts of the comparing half.

    Args:
        old: Models folder of the present network, with cohort.
        new: Of the other.
        photographs: LFW's folder.
        cache: Where embeddings are kept.
        seed: Of draws and bootstrap.
        pairs_file: LFW's pairs.txt; by default in its folder. Without it no pairs are compared.

    Raises:
        TrainingError: If the photographs are not LFW's.
        ModelError: If a network or its cohort is missing or damaged.
        InputError: If there are too few people.
    """
    everybody = photographs_in(photographs)
    if not everybody.lfw:
        raise TrainingError(f"{photographs} is not LFW, which networks are compared on.")
    names = frozenset(name for name in everybody.unseen if half_of(name) is Half.COMPARING)
    pool = Photographs(photographs, everybody.people, names, lfw=True)
    contexts = [
        Context(Extractor("bundled", cache, folder), Material({}, {}, frozenset(), pool), seed)
        for folder in (old, new)
    ]
    first, second = contexts
    found = pairs_file or photographs / "pairs.txt"
    with first.extractor.cache, second.extractor.cache:
        for context in contexts:
            load_cohort(context.extractor.card)  # minutes before it is needed
        if first.people.paths != second.people.paths:
            raise TrainingError("The two folders have different face detectors.")
        return Comparison(
            tar=differences(first.kiosk_attempts, second.kiosk_attempts, seed),
            pairs=_pairs(contexts, everybody, found, seed) if found.is_file() else None,
            sizes=(_size(old), _size(new)),
            milliseconds=_latency(old, new),
            customers=first.people.customers,
            people=len(first.people.names),
        )


def differences(old: Attempts, new: Attempts, seed: int) -> dict[str, Difference]:
    """Return both networks' TAR at each of RATES, by a paired bootstrap over people.

    Args:
        old: Attempts of the same people as *new*, on the same templates.
        new: Scored by the other network.
        seed: Of the bootstrap.
    """
    # The same seed and people draw the same people again, so the repetitions are pairs.
    before, after = (Bootstrap(one, seed).sweep(RATES)[0] for one in (old, new))
    return {
        f"{rate:g}": Difference(
            tar_at_fmr(old.genuine, old.impostor, rate),
            tar_at_fmr(new.genuine, new.impostor, rate),
            interval(after[:, column] - before[:, column]),
        )
        for column, rate in enumerate(RATES)
    }


def _pairs(
    contexts: Sequence[Context], pool: Photographs, file: Path, seed: int
) -> Difference | None:
    """Compare on the comparing half's pairs, at the best threshold of the choosing half's."""
    listed = read_pairs(file, pool.unseen.__contains__)
    halves = [{half_of(name.split("/")[0]) for name in pair[:2]} for pair in listed]
    own = [pair for pair, both in zip(listed, halves, strict=True) if both == {Half.COMPARING}]
    others = [pair for pair, both in zip(listed, halves, strict=True) if both == {Half.CHOOSING}]
    if not own or not others:
        return None
    right = []
    for context in contexts:
        limit = best_threshold(*_cosines(context, pool.folder, others))
        cosines, same = _cosines(context, pool.folder, own)
        right.append((cosines >= limit) == same)
    people = sorted({name.split("/")[0] for pair in own for name in pair[:2]})
    number = {name: index for index, name in enumerate(people)}
    ends = np.array([[number[name.split("/")[0]] for name in pair[:2]] for pair in own])
    gains = right[1].astype(float) - right[0].astype(float)
    drawn = np.random.default_rng(seed).multinomial(
        len(people), np.full(len(people), 1 / len(people)), REPETITIONS
    )
    is_same = ends[:, 0] == ends[:, 1]
    weights = drawn[:, ends[:, 0]] * np.where(is_same, 1, drawn[:, ends[:, 1]])
    repeated = (weights @ gains) / np.maximum(weights.sum(axis=1), 1)
    return Difference(float(right[0].mean()), float(right[1].mean()), interval(repeated))


def _cosines(
    context: Context, folder: Path, pairs: Sequence[Pair]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    files = sorted({name for pair in pairs for name in pair[:2]})
    rows = context.extractor.extract([folder / name for name in files]).embeddings()
    place = {name: index for index, name in enumerate(files)}
    cosines = [float(rows[place[a]] @ rows[place[b]]) for a, b, *_ in pairs]
    return np.array(cosines), np.array([pair[2] for pair in pairs])


def best_threshold(scores: NDArray[np.float64], same: NDArray[np.bool_]) -> float:
    """Return the score at and above which calling a pair the same person is most often right."""
    order = np.argsort(-scores, kind="stable")
    gained = np.cumsum(np.where(same[order], 1, -1))
    return float(scores[order][int(gained.argmax())])


def _size(folder: Path) -> int:
    return (folder / load_card("bundled", folder).file).stat().st_size


def _latency(old: Path, new: Path) -> tuple[float, float]:
    """Return the least time of one face and its mirror image, ms, both in turns.

    The least is what the network takes; the rest is what else the machine does (as `timeit` says).
    """
    networks = [load_network("bundled", folder) for folder in (old, new)]
    size = networks[0].size
    face = np.random.default_rng(0).integers(0, 256, (1, size, size, 3), np.uint8)
    times: list[list[float]] = [[], []]
    for _ in range(ROUNDS):
        for network, own in zip(networks, times, strict=True):
            began = time.perf_counter()
            network.embed(face)
            own.append((time.perf_counter() - began) * 1000)
    return min(times[0]), min(times[1])


def as_text(comparison: Comparison) -> str:
    """Return a comparison as text."""
    lines = [
        f"{comparison.customers} customers among {comparison.people} people of the half that "
        "compares",
        f"{'':22}{'old':>9}{'new':>9}   new - old, 95 %",
    ]
    rows = {f"TAR at FMR {float(rate):g}": own for rate, own in comparison.tar.items()}
    if comparison.pairs is not None:
        rows["pairs' accuracy"] = comparison.pairs
    lines += [_line(name, own) for name, own in rows.items()]
    sizes, times = comparison.sizes, comparison.milliseconds
    lines.append(f"{'size, MB':22}{sizes[0] / 1e6:9.2f}{sizes[1] / 1e6:9.2f}")
    lines.append(f"{'a face, ms':22}{times[0]:9.2f}{times[1]:9.2f}")
    verdict, reason = comparison.verdict()
    return "\n".join([*lines, f"{verdict}: {reason}"])


def _line(name: str, own: Difference) -> str:
    """Return a difference for people, in per cent."""
    return (
        f"{name:22}{100 * own.old:8.2f}%{100 * own.new:8.2f}%   "
        f"{100 * own.around.low:+.2f} to {100 * own.around.high:+.2f}"
    )


def as_json(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison for the model card."""

    def difference(own: Difference) -> dict[str, Any]:
        return {
            "old": round(own.old, 4),
            "new": round(own.new, 4),
            "difference, 95 %": [round(own.around.low, 4), round(own.around.high, 4)],
        }

    figures: dict[str, Any] = {
        f"TAR at FMR {rate}": difference(own) for rate, own in comparison.tar.items()
    }
    if comparison.pairs is not None:
        figures["pairs"] = difference(comparison.pairs)
    return {
        "customers": comparison.customers,
        "people": comparison.people,
        "verdict": str(comparison.verdict()[0]),
    } | figures
