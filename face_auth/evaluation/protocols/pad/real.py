"""Real presentations in tables: error rates of the passive setting, and what each cue tells."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from face_auth.evaluation.bootstrap import interval
from face_auth.evaluation.metrics import Interval, wilson
from face_auth.evaluation.protocols.pad.presented import Judged, suspicion
from face_auth.evaluation.result import Table, as_list, between, percent

BPCER: Final = 0.05
"""Share of bona fide presentations refused, at which a cue's APCER is given."""
REPETITIONS: Final = 500
SEED: Final = 20261129

Floats = NDArray[np.float64]
Key = Callable[[Judged], str]


def rates(judged: Sequence[Judged]) -> dict[str, Any]:
    """Return attempts, usable ones, those that passed and the rates, of bona fide and of attacks.

    An attempt without a judgement, for lack of usable frames, light or movement, is not usable:
    nobody is admitted by it. The rates are of usable attempts.
    """
    values: dict[str, Any] = {}
    for name, bona_fide in (("bona fide", True), ("attacks", False)):
        tries = [a for one in judged if one.shown.bona_fide == bona_fide for a in one.attempts]
        usable = [one for one in tries if one is not None]
        passed = sum(one.passed for one in usable)
        wrong = len(usable) - passed if bona_fide else passed
        values[name] = {
            "attempts": len(tries),
            "usable": len(usable),
            "passed": passed,
            "BPCER" if bona_fide else "APCER": wrong / len(usable) if usable else None,
            "interval": as_list(wilson(wrong, len(usable))) if usable else None,
        }
    return values


def first_refusals(judged: Iterable[Judged]) -> dict[str, dict[str, int]]:
    """Return which cue spoke first against refused attempts, of bona fide and of attacks."""
    found: dict[str, Counter[str]] = {"bona fide": Counter(), "attacks": Counter()}
    for one in judged:
        side = found["bona fide" if one.shown.bona_fide else "attacks"]
        for result in one.attempts:
            if result is not None and not result.passed:
                side[next(iter(result.reasons), "the score")] += 1
    return {name: dict(counts.most_common()) for name, counts in found.items()}


def cue_values(judged: Iterable[Judged]) -> dict[str, Any]:
    """Return how well each cue alone tells attacks from people, on pictures and on clips."""
    groups: dict[str, dict[str, list[tuple[bool, str, float]]]] = {}
    for one in judged:
        what = f"{one.shown.collection}, {'clips' if one.shown.clip else 'pictures'}"
        all_measured = (
            [result.measured for result in one.attempts if result is not None and result.measured]
            if one.shown.clip
            else [one.measured]
        )
        for measured in all_measured:
            for cue, value in measured.items():
                row = (one.shown.bona_fide, one.shown.person, suspicion(cue, value))
                groups.setdefault(what, defaultdict(list))[cue].append(row)
    values: dict[str, Any] = {}
    for what, cues in groups.items():
        for cue, rows in cues.items():
            real = np.array([each[0] for each in rows])
            if real.all() or not real.any():
                continue
            values.setdefault(what, {})[cue] = _of_cue(rows)
    return values


def _of_cue(rows: Sequence[tuple[bool, str, float]]) -> dict[str, Any]:
    real = np.array([each[0] for each in rows])
    score = np.array([each[2] for each in rows])
    people, whose = np.unique([each[1] for each in rows], return_inverse=True)
    limit = float(np.quantile(score[real], 1 - BPCER, method="higher"))
    rng = np.random.default_rng(SEED)
    drawn = []
    for _ in range(REPETITIONS):
        weights = rng.multinomial(len(people), np.full(len(people), 1 / len(people)))[whose]
        if weights[real].any() and weights[~real].any():
            drawn.append(area(score, real, weights.astype(np.float64)))
    found = interval(np.array(drawn)) if drawn else Interval(0.0, 1.0)
    return {
        "bona fide": int(real.sum()),
        "attacks": int((~real).sum()),
        "AUC": area(score, real, np.ones(len(real))),
        "AUC interval": as_list(found),
        "APCER at BPCER 5 %": float((score[~real] <= limit).mean()),
    }


def area(score: Floats, real: NDArray[np.bool_], weights: Floats) -> float:
    """Return the area under the ROC curve: the chance that an attack scores above a bona fide one.

    Args:
        score: Suspicion, shape (n,); equal scores count half.
        real: Whether each is bona fide, shape (n,).
        weights: How often each counts, shape (n,).
    """
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(~real, score, sample_weight=weights))


def rates_table(title: str, judged: Sequence[Judged], key: Key, notes: Sequence[str] = ()) -> Table:
    """Return a table of error rates, with one row for each value of *key*."""
    groups: dict[str, list[Judged]] = defaultdict(list)
    for one in judged:
        if one.shown.clip:
            groups[key(one)].append(one)
    rows = [(name, *_cells(rates(groups[name]))) for name in sorted(groups)]
    if len(groups) > 1:
        rows.append(("all", *_cells(rates([one for one in judged if one.shown.clip]))))
    return Table(
        title,
        ("", "bona fide attempts", "usable", "refused", "BPCER", "attacks", "usable", "passed",
         "APCER"),
        rows,
        notes,
    )  # fmt: skip


def _cells(values: dict[str, Any]) -> tuple[str, ...]:
    cells: list[str] = []
    for side, name in (("bona fide", "BPCER"), ("attacks", "APCER")):
        found = values[side]
        wrong = found["usable"] - found["passed"] if name == "BPCER" else found["passed"]
        rate = "–"
        if found[name] is not None:
            rate = f"{percent(found[name], 0)} ({between(Interval(*found['interval']), 0)})"
        cells += [str(found["attempts"]), str(found["usable"]), str(wrong), rate]
    return tuple(cells)


def refusals_table(judged: Sequence[Judged]) -> Table:
    """Return a table of what refused first."""
    values = first_refusals(judged)
    names = dict.fromkeys([*values["attacks"], *values["bona fide"]])
    rows = [
        (name, str(values["attacks"].get(name, 0)), str(values["bona fide"].get(name, 0)))
        for name in names
    ]
    return Table("What refused first", ("", "attacks", "bona fide"), rows)


def cues_table(judged: Sequence[Judged]) -> Table:
    """Return a table of what each cue tells alone."""
    rows = [
        (
            what, cue, f"{found['bona fide']} / {found['attacks']}",
            "{:.3f} ({:.2f} to {:.2f})".format(found["AUC"], *found["AUC interval"]),
            percent(found["APCER at BPCER 5 %"], 0),
        )
        for what, cues in cue_values(judged).items()
        for cue, found in cues.items()
    ]  # fmt: skip
    return Table(
        "Each cue alone",
        ("", "cue", "bona fide / attacks", "AUC", f"APCER at BPCER {percent(BPCER, 0)}"),
        rows,
        (
            "Of clips, the mean over an attempt. Interval: bootstrap over people. The threshold of "
            "the last column is set on the same presentations: it shows a cue, not a product.",
        ),
    )


def codec_table(judged: Sequence[Judged]) -> Table:
    """Return a table of how the files were compressed."""
    groups: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for one in judged:
        if one.codec is not None:
            what = f"{one.shown.collection}, {'clips' if one.shown.clip else 'pictures'}"
            side = "bona fide" if one.shown.bona_fide else "attacks"
            key = (what, side, one.codec.name, one.codec.quality or "unknown")
            groups[key].append(one.codec.bits_per_pixel)
    rows = [
        (*key, str(len(bits)), f"{float(np.median(bits)):.2f}")
        for key, bits in sorted(groups.items())
    ]
    return Table(
        "How the files were compressed",
        ("", "", "codec", "quality", "files", "bits per pixel, median"),
        rows,
        ("Compression smooths what the cues look at: H.264 raises the network's score.",),
    )


def real_values(judged: Sequence[Judged]) -> dict[str, Any]:
    """Return everything that was measured, for JSON."""
    return {
        "all": rates(judged),
        "by collection": _by(judged, _collection),
        "by species": _by(judged, _species),
        "by camera": _by(judged, _camera),
        "refused first": first_refusals(judged),
        "cues": cue_values(judged),
    }


def real_tables(judged: Sequence[Judged], how: str) -> list[Table]:
    """Return all tables.

    Args:
        judged: All presentations.
        how: A sentence on what judged them.
    """
    notes = (
        how,
        "Setting “passive”, ten pictures a second, a new attempt every two seconds; those of one "
        "clip are alike. Usable: judged at all. Rates are of usable attempts, with Wilson's "
        "interval.",
    )
    return [
        rates_table("Real clips by collection", judged, _collection, notes),
        rates_table("Real clips by species", judged, _species),
        rates_table("Real clips by camera", judged, _camera),
        refusals_table(judged),
        cues_table(judged),
        codec_table(judged),
    ]


def real_summary(values: dict[str, Any]) -> str:
    """Return the most important numbers in a sentence."""
    bona_fide, attacks = values["all"]["bona fide"], values["all"]["attacks"]
    refused = bona_fide["usable"] - bona_fide["passed"]
    return (
        f"Real, passive: {attacks['passed']} of {attacks['usable']} usable attacks passed, "
        f"{refused} of {bona_fide['usable']} bona fide attempts were refused."
    )


def _collection(one: Judged) -> str:
    return one.shown.collection


def _species(one: Judged) -> str:
    return one.shown.species


def _camera(one: Judged) -> str:
    return f"{one.shown.collection}, {one.shown.person}"


def _by(judged: Sequence[Judged], key: Key) -> dict[str, Any]:
    return {
        name: rates([one for one in judged if key(one) == name])
        for name in sorted({key(one) for one in judged if one.shown.clip})
    }
