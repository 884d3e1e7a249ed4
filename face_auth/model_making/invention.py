"""Fit of the invented people that decoys are made of, and the test that nothing tells them apart.

Real people are those of LFW whom no network saw, each with the five captures of a simulated visit:
one photograph whose landmarks, light, sharpness and noise vary a little. Half of them are fitted,
the other half are measured on.
"""

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from face_auth.gallery.invented_people import (
    CAPTURES,
    Cohort,
    InventedPeople,
    Numbers,
    expanded,
    features,
    what_a_thief_sees,
)
from face_auth.model_making.photograph_embeddings import Landmarks
from face_auth.recognition.alignment import align
from face_auth.recognition.classifier import CustomerSvm, Embeddings, train_customer_svm
from face_auth.recognition.embedding import Network

AT_ONCE: Final = 32
HEAD: Final = 60
GAUSSIANS: Final = 4
DRAWS: Final = 2500
ROUNDS: Final = 3
"""Fits of the regression: each to what the ones before it let through."""
TEMPLATES: Final = 2600
TEMPLATES_TAKEN: Final = 0.99
SHARE_TAKEN: Final = 0.985
"""Quantile of the odds at which a draw is always taken."""
SEED: Final = 1


def visits(
    pictures: Path,
    names: Sequence[str],
    network: Network,
    landmarks: Landmarks,
    say: Callable[[str], None] = print,
) -> Embeddings:
    """Return the embeddings of simulated visits, shape (people, CAPTURES, 512).

    Args:
        pictures: A folder of photographs for each person; the first one with landmarks is taken.
        names: Of the people; who has none is left out.
        network: Framed by five points.
        landmarks: Five points by "person/file".
        say: Gets a line now and then.
    """
    rng = np.random.default_rng(SEED)
    rows: list[NDArray[np.float32]] = []
    waiting: list[NDArray[np.uint8]] = []
    for name in sorted(names):
        folder = pictures / name
        files = sorted(file.name for file in folder.iterdir()) if folder.is_dir() else []
        first = next((file for file in files if f"{name}/{file}" in landmarks), None)
        if first is None:
            continue
        read = cv2.imread(str(folder / first))
        if read is None:
            continue
        image = np.ascontiguousarray(read[:, :, ::-1], np.uint8)
        waiting += [_capture(image, landmarks[f"{name}/{first}"], rng) for _ in range(CAPTURES)]
        if len(waiting) >= AT_ONCE:
            rows.append(network.embed(np.stack(waiting)))
            waiting = []
            if len(rows) % 40 == 0:
                say(f"  {len(rows) * AT_ONCE // CAPTURES} visits")
    if waiting:
        rows.append(network.embed(np.stack(waiting)))
    return np.concatenate(rows).reshape(-1, CAPTURES, rows[0].shape[1])


def _capture(
    image: NDArray[np.uint8], points: NDArray[np.float32], rng: np.random.Generator
) -> NDArray[np.uint8]:
    between = float(np.linalg.norm(points[0] - points[1]))
    moved = (points + rng.normal(0, 0.04 * between, points.shape).astype(np.float32)).astype(
        np.float32
    )
    face = align(image, moved).astype(np.float32)
    face = 255 * np.clip(face / 255, 0, 1) ** np.exp(rng.normal(0, 0.15))
    face = cv2.GaussianBlur(face, (0, 0), rng.uniform(0.1, 1.0)) + rng.normal(0, 3, face.shape)
    return np.asarray(np.clip(face, 0, 255), np.uint8)


def halves(people: Embeddings) -> tuple[Embeddings, Embeddings]:
    """Return one half of the visits to fit, and the other to measure on."""
    order = np.random.default_rng(0).permutation(len(people))
    half = len(people) // 2
    return people[order[:half]], people[order[half:]]


def fit(
    people: Embeddings, cohort: Embeddings, say: Callable[[str], None] = print
) -> dict[str, Any]:
    """Return the arrays that `InventedPeople` draws from.

    Args:
        people: Visits, shape (n, CAPTURES, 512).
        cohort: The network's, unit rows.
        say: Gets a line for each round.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.mixture import GaussianMixture

    visits_ = people.astype(np.float64)
    means = visits_.mean(axis=1)
    scatter = 1 - (means**2).sum(axis=1)
    real = means / np.linalg.norm(means, axis=1, keepdims=True)
    mean = real.mean(axis=0)
    variances, directions = np.linalg.eigh(np.cov(real.T))
    variances, directions = variances[::-1], directions[:, ::-1]
    mixture = GaussianMixture(GAUSSIANS, reg_covar=1e-4, random_state=0, n_init=2)
    mixture.fit(((real - mean) @ directions)[:, :HEAD])
    away = (visits_ - means[:, np.newaxis]).reshape(-1, means.shape[1]) @ directions
    within = away.std(axis=0)
    measured = Cohort.of(cohort)
    of_real = features(real, measured)
    fitted: dict[str, Any] = {
        "mean": mean,
        "directions": directions,
        "shares": mixture.weights_,
        "middles": mixture.means_,
        "factors": np.linalg.cholesky(mixture.covariances_),
        "rest": np.sqrt(np.maximum(variances[HEAD:], 0)),
        "within": within / np.linalg.norm(within),
        "spread": np.array([np.log(scatter).mean(), np.log(scatter).std()]),
        "feature_mean": of_real.mean(axis=0),
        "feature_scale": of_real.std(axis=0),
        "weights": np.zeros(expanded(of_real[:1]).shape[1]),
        "bias": np.float64(0),
        "most": np.float64(0),
    }
    for number in range(ROUNDS):
        drawn = _taken(InventedPeople(fitted, cohort), np.random.default_rng(number + 7), DRAWS)
        both = np.concatenate([of_real, features(drawn, measured)])
        terms = expanded((both - fitted["feature_mean"]) / fitted["feature_scale"])
        regression = LogisticRegression(C=0.003, max_iter=2000, class_weight="balanced")
        regression.fit(terms, np.arange(len(both)) < len(of_real))
        fitted["weights"] = fitted["weights"] + regression.coef_[0]
        fitted["bias"] = fitted["bias"] + regression.intercept_[0]
        made = InventedPeople(fitted, cohort)
        odds = made.odds(made.draws(np.random.default_rng(5), DRAWS))
        fitted["most"] = np.quantile(odds, SHARE_TAKEN)
        taken = np.exp(np.minimum(odds - fitted["most"], 0)).mean()
        say(f"  round {number + 1}: one draw in {1 / taken:.0f} is taken")
    _fit_templates(fitted, people, cohort, say)
    return fitted


def _fit_templates(
    fitted: dict[str, Any], people: Embeddings, cohort: Embeddings, say: Callable[[str], None]
) -> None:
    """Add a second regression: between the templates of real people and those of drawn ones."""
    from sklearn.linear_model import LogisticRegression

    seen, invented = Cohort.of(cohort), InventedPeople(fitted, cohort)
    real = [what_a_thief_sees(train_customer_svm(visit, cohort), seen) for visit in people]
    rng = np.random.default_rng(77)
    drawn = [
        what_a_thief_sees(train_customer_svm(invented.captures(rng), cohort), seen)
        for _ in range(TEMPLATES)
    ]
    of_real = np.stack(real)
    fitted["template_mean"], fitted["template_scale"] = of_real.mean(axis=0), of_real.std(axis=0)
    both = np.concatenate([of_real, np.stack(drawn)])
    terms = np.clip((both - fitted["template_mean"]) / fitted["template_scale"], -4, 4)
    regression = LogisticRegression(C=10.0, max_iter=5000, class_weight="balanced")
    regression.fit(terms, np.arange(len(both)) < len(of_real))
    fitted["template_weights"] = regression.coef_[0]
    fitted["template_bias"] = np.float64(regression.intercept_[0])
    odds = regression.decision_function(terms[len(of_real) :])
    fitted["template_most"] = np.quantile(odds, TEMPLATES_TAKEN)
    taken = np.exp(np.minimum(odds - fitted["template_most"], 0)).mean()
    say(f"  templates: one in {1 / taken:.1f} is taken")


def _taken(people: InventedPeople, rng: np.random.Generator, count: int) -> Numbers:
    found: list[Numbers] = []
    while sum(map(len, found)) < count:
        drawn = people.draws(rng, count)
        found.append(drawn[np.log(rng.random(count)) < people.over(drawn)])
    return np.concatenate(found)[:count]


def packed(fitted: dict[str, Any], cohort_sha256: str) -> bytes:
    """Return *fitted* as an .npz file, the large arrays in half precision."""
    arrays = {
        name: value.astype(np.float16 if value.size > 10_000 else np.float32)
        for name, value in fitted.items()
    }
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **arrays, cohort=np.asarray(cohort_sha256))
    return file.getvalue()


def told_apart(
    real: Sequence[CustomerSvm], decoys: Sequence[CustomerSvm], cohort: Embeddings
) -> dict[str, float]:
    """Return the area under the ROC curve of each classifier, in five-fold cross-validation.

    0.5 is chance. Each sees `what_a_thief_sees` and the cosines to the other templates.
    """
    from sklearn.ensemble import GradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    seen = Cohort.of(cohort)
    every = [*real, *decoys]
    rows = np.stack([what_a_thief_sees(svm, seen) for svm in every])
    units = np.stack([svm.weights / np.linalg.norm(svm.weights) for svm in every])
    pairs = units @ units.T
    np.fill_diagonal(pairs, np.nan)
    others = np.stack([np.nanmean(pairs, 1), np.nanmax(pairs, 1), np.nanstd(pairs, 1)], axis=1)
    told, is_real = np.concatenate([rows, others], axis=1), np.arange(len(every)) < len(real)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    ways = {
        "logistic regression": make_pipeline(
            StandardScaler(), LogisticRegression(C=0.1, max_iter=2000)
        ),
        "gradient boosting": GradientBoostingClassifier(
            n_estimators=100, max_depth=3, subsample=0.7, random_state=0
        ),
    }
    return {
        name: float(roc_auc_score(
            is_real, cross_val_predict(way, told, is_real, cv=folds, method="predict_proba")[:, 1]
        ))
        for name, way in ways.items()
    }  # fmt: skip


def measure(people: InventedPeople, visits_: Embeddings, cohort: Embeddings) -> dict[str, float]:
    """Return `told_apart` for real people's templates against as many decoys.

    Args:
        people: Of the decoys.
        visits_: Of people who were not fitted, shape (n, CAPTURES, 512).
        cohort: The network's.
    """
    rng = np.random.default_rng(2)
    real = [train_customer_svm(visit, cohort) for visit in visits_]
    decoys = [people.template(rng) for _ in real]
    return told_apart(real, decoys, cohort)
