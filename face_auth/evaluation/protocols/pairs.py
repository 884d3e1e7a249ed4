"""Protocol: the standard pairs of LFW (View 2), for comparison with published figures."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from face_auth.datasets.pairs_list import Pair, read_pairs
from face_auth.errors import ModelError
from face_auth.evaluation import charts
from face_auth.evaluation.context import Context
from face_auth.evaluation.material import InputError
from face_auth.evaluation.metrics import FoldAccuracy, fold_accuracy
from face_auth.evaluation.protocols.all_pairs import compare_all
from face_auth.evaluation.result import Chart, Section, Table, percent

NAME: Final = "pairs"


def pairs(context: Context, file: Path | None = None) -> Section:
    """Measure the accuracy on the pairs of *file*, by its folds."""
    pool = context.material.photographs
    listed = _read(file or _found(pool.folder))
    names = sorted({name for pair in listed for name in pair[:2]})
    paths = [pool.folder / name for name in names]
    missing = [path for path in paths if not path.is_file()]
    if missing:
        raise InputError(
            f"{len(missing)} photographs of the pairs are missing, {missing[0]} for one. "
            "Name LFW's folder with --photographs."
        )
    features = context.extractor.extract(paths, what="pairs")
    place = {name: index for index, name in enumerate(names)}
    first = [place[pair[0]] for pair in listed]
    second = [place[pair[1]] for pair in listed]
    same = np.array([pair[2] for pair in listed])
    folds = np.array([pair[3] for pair in listed])
    both = np.array(
        [_person(a) in pool.unseen and _person(b) in pool.unseen for a, b, *_ in listed]
    )
    groups = {"all pairs": np.ones(len(both), bool), "both people unseen": both}
    figures: dict[str, dict[str, Any]] = {}
    rows = []
    for mirror, views in ((True, "image and mirror"), (False, "image alone")):
        embeddings = features.embeddings(mirror=mirror)
        products = np.sum(embeddings[first] * embeddings[second], axis=1)
        cosines = np.where(features.found[first] & features.found[second], products, np.nan)
        if mirror:
            drawn = both if both.any() else ~both
            shown = _histogram(cosines[drawn], same[drawn])
        for name, group in groups.items():
            if len(np.unique(folds[group])) < 2:
                continue
            result = fold_accuracy(cosines[group], same[group], folds[group])
            figures[f"{name}, {views}"] = _values(result, cosines[group])
            shares = percent(result.mean), percent(result.standard_error)
            rows.append((f"{name}, {views}", f"{group.sum():,}", *shares))
    head = next(iter(figures.values()))
    every = _every_pair(context)
    return Section(
        name=NAME,
        title="Pairs: the standard test of LFW",
        summary=f"Accuracy {percent(head['accuracy'])} ± {percent(head['standard error'])} on "
        f"{head['pairs']:,} pairs.",
        values=figures | {"every pair of unseen photographs": every},
        tables=(
            Table(
                "Same person or not",
                ("", "pairs", "accuracy", "standard error"),
                rows,
                (
                    "Ten folds, each with the threshold that is best on the other nine; a pair "
                    "with a photograph without a face is an error. Most people of all the pairs "
                    "were seen in training; only the rows of unseen people compare with published "
                    "figures.",
                ),
            ),
            Table(
                "Every photograph of unseen people with every other one",
                ("", "TAR at FMR 1 in 100", "1 in 1,000", "1 in 10,000", "cosine at 1 in 100,000"),
                [
                    (
                        views,
                        *(percent(share) for share in own["tar"].values()),
                        f"{own['cosine at 1e-5']:.3f}",
                    )
                    for views, own in every.items()
                ],
                (
                    "Nobody is drawn here, so these figures tell whether detector, alignment and "
                    "8-bit network lose anything against the float network's own measurement.",
                ),
            ),
        ),
        charts=(Chart("pairs", "Cosines of the listed pairs of unseen people.", shown),),
    )


def _every_pair(context: Context) -> dict[str, dict[str, Any]]:
    """Return true accept rates over all pairs of photographs of unseen people."""
    files, features = context.photographs
    kept = np.flatnonzero(features.found)
    person = np.unique([files[index][0] for index in kept.tolist()], return_inverse=True)[1]
    figures: dict[str, dict[str, Any]] = {}
    for mirror, views in ((True, "image and mirror"), (False, "image alone")):
        compared = compare_all(features.take(kept).embeddings(mirror=mirror), person)
        if not (len(compared.genuine) and compared.impostors):
            return {}
        figures[views] = {
            "genuine pairs": len(compared.genuine),
            "impostor pairs": compared.impostors,
            "tar": {f"{rate:g}": compared.tar(rate) for rate in (1e-2, 1e-3, 1e-4)},
            "cosine at 1e-5": compared.limit(1e-5),
        }
    return figures


def _histogram(cosines: NDArray[np.floating], same: NDArray[np.bool_]) -> charts.Draw:
    known = ~np.isnan(cosines)
    return charts.histogram(
        ("same person", cosines[known & same]),
        ("different people", cosines[known & ~same]),
        bins=60,
    )


def _values(result: FoldAccuracy, cosines: Any) -> dict[str, Any]:
    return {
        "pairs": len(cosines),
        "accuracy": result.mean,
        "standard error": result.standard_error,
        "folds": list(result.folds),
        "pairs without a face": int(np.isnan(cosines).sum()),
    }


def _found(folder: Path) -> Path:
    """Return pairs.txt in LFW's folder, or beside it where scikit-learn puts it."""
    for path in (folder / "pairs.txt", folder.parent / "pairs.txt"):
        if path.is_file():
            return path
    raise InputError(
        "The pairs of LFW are needed: name LFW's folder with --photographs, and pairs.txt with "
        "--pairs if it is not there."
    )


def _read(file: Path) -> Sequence[Pair]:
    try:
        return read_pairs(file, lambda name: True)
    except ModelError as error:
        raise InputError(str(error)) from error


def _person(name: str) -> str:
    return name.split("/")[0]
