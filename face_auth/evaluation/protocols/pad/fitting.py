"""Fitting of the liveness head on real presentations, and heads that leave some of them out."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from face_auth.datasets.photographs import ImageError, read_photograph
from face_auth.evaluation.material import InputError, Photographs, say
from face_auth.evaluation.protocols.pad.clips import frames_of
from face_auth.evaluation.protocols.pad.heads import HEIGHT
from face_auth.evaluation.protocols.pad.manifest import Presentation, read_manifest
from face_auth.evaluation.protocols.pad.presented import picture_of
from face_auth.liveness.head import INPUTS, LivenessHead, inputs_of
from face_auth.liveness.minifas import MiniFas, square
from face_auth.model_making.card_writing import card_of, write_entry
from face_auth.models import LIVENESS_HEAD
from face_auth.recogniser import Recogniser

Floats = NDArray[np.float64]
Group = Callable[[Presentation], str]

CLIP_S: Final = 12.0
"""Seconds of a clip that are looked at."""
PHOTOGRAPHS: Final = 800
"""Ordinary photographs of people, one a person: half to fit on as further bona fide, half for the
threshold. They hold the head to people of whom the presentations have few."""
SHARE: Final = 0.5
"""Weight of those that are fitted on, in that of all bona fide presentations."""
STRENGTH: Final = 0.003
"""Inverse strength of the regularisation; 0.001 to 0.03 told attacks apart equally well."""
REFUSED: Final = 0.02
"""Share of bona fide pictures below the threshold. Attacks have no part in it."""


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """What the head sees of presentations, one row a picture or frame with a face.

    Attributes:
        inputs: Shape (n, INPUTS).
        bona_fide: Shape (n,).
        shown: The presentation of each.
    """

    inputs: Floats
    bona_fide: NDArray[np.bool_]
    shown: Sequence[Presentation]


def samples(
    presentations: Iterable[Presentation], recogniser: Recogniser, network: MiniFas
) -> Samples:
    """Return the head's inputs for all pictures and frames that show a face.

    Raises:
        InputError: If bona fide presentations or attacks are missing.
        OSError: If a file cannot be read.
    """
    rows, whose = [], []
    for number, shown in enumerate(presentations, start=1):
        for image in _images(shown):
            found = _inputs(image, recogniser, network)
            if found is not None:
                rows.append(found)
                whose.append(shown)
        if number % 100 == 0:
            say(f"  {number} files looked at")
    bona_fide = np.array([shown.bona_fide for shown in whose], bool)
    if not rows or bona_fide.all() or not bona_fide.any():
        raise InputError("bona fide presentations and attacks are needed to fit on")
    return Samples(np.array(rows), bona_fide, whose)


def ordinary(
    photographs: Photographs, recogniser: Recogniser, network: MiniFas, seed: int
) -> Floats:
    """Return the head's inputs for photographs of people, one a person; shape (n, INPUTS).

    The people are those whom the recognition network saw: others are kept for simulated visits.

    Raises:
        InputError: If fewer than PHOTOGRAPHS of them show a face.
    """
    names = sorted(photographs.people.keys() - photographs.unseen)
    order = np.random.default_rng(seed).permutation(len(names))
    files = (photographs.people[names[index]][0] for index in order)
    rows = list(islice(_of_photographs(files, recogniser, network), PHOTOGRAPHS))
    if len(rows) < PHOTOGRAPHS:
        raise InputError(f"{PHOTOGRAPHS} photographs of known people with a face are needed")
    return np.array(rows)


def fit(found: Samples, plain: Floats) -> LivenessHead:
    """Return the head fitted on *found* and half of *plain*, its threshold set on bona fide alone.

    Every person counts by the root of how many pictures show them, and bona fide as much as
    attacks. The threshold is the score that REFUSED of the bona fide reach not: of presentations
    and of the other half of *plain* in equal parts.
    """
    from sklearn.linear_model import LogisticRegression

    fitted, other = plain[::2], plain[1::2]
    means, deviations = found.inputs.mean(axis=0), found.inputs.std(axis=0) + 1e-6
    raw = LivenessHead(means, deviations, np.zeros(INPUTS), 0.0)
    weights = _weights(found)
    bona_fide = weights[found.bona_fide].sum()
    model = LogisticRegression(C=STRENGTH, max_iter=2000)
    model.fit(
        raw.standardised(np.vstack([found.inputs, fitted])),
        np.concatenate([found.bona_fide, np.ones(len(fitted), bool)]),
        sample_weight=np.concatenate(
            [weights, np.full(len(fitted), SHARE * bona_fide / len(fitted))]
        ),
    )
    head = LivenessHead(means, deviations, np.asarray(model.coef_[0], float), 0.0)
    scores = [head.scores(found.inputs[found.bona_fide]), head.scores(other)]
    shares = [weights[found.bona_fide] / bona_fide, np.full(len(other), 1 / len(other))]
    limit = _quantile(np.concatenate(scores), np.concatenate(shares), REFUSED)
    return LivenessHead(means, deviations, head.weights, -limit)


def left_out(found: Samples, plain: Floats, group: Group) -> dict[str, LivenessHead]:
    """Return for each group of presentations the head that saw none of it.

    Args:
        found: All presentations.
        plain: As `fit` takes them.
        group: Returns a presentation's group: its person, or its collection.
    """
    groups = np.array([group(shown) for shown in found.shown])
    heads = {}
    for name in sorted(set(groups)):
        kept = np.flatnonzero(groups != name)
        part = Samples(
            found.inputs[kept], found.bona_fide[kept], [found.shown[int(index)] for index in kept]
        )
        heads[str(name)] = fit(part, plain)
    return heads


def train(attacks: Path, photographs: Photographs, minifas: Path, folder: Path, seed: int) -> Path:
    """Fit the head on a folder of presentations and write it into a model card; return its path.

    Args:
        attacks: The folder, with its manifest.
        photographs: Of people, for `ordinary`.
        minifas: The published network's file.
        folder: The models folder.
        seed: Of the choice of photographs.

    Raises:
        InputError: If there is too little to fit on.
        ModelError: If the network or the card cannot be read.
        OSError: If a file cannot be read or written.
    """
    recogniser, network = Recogniser.load(), MiniFas(minifas)
    found = samples(read_manifest(attacks), recogniser, network)
    head = fit(found, ordinary(photographs, recogniser, network, seed))
    card = card_of(LIVENESS_HEAD, folder)
    write_entry(card, LIVENESS_HEAD, head.as_entry() | _provenance(found, seed))
    return card


def _provenance(found: Samples, seed: int) -> dict[str, Any]:
    collections = Counter(f"{shown.collection}" for shown in found.shown)
    people = {shown.person for shown in found.shown}
    return {
        "what": "Coefficients of a logistic regression on the liveness network's two scores and "
        "three ratios of fine colour (face_auth/liveness/head.py); nobody can be recognised from "
        "them.",
        "fitted on": f"{len(found.bona_fide):,} pictures and frames of {len(people)} people and of "
        f"attacks with their pictures ({', '.join(sorted(collections))}), and {PHOTOGRAPHS // 2} "
        "photographs of LFW",
        "terms": "Pictures that students published in their projects, nearly all without a "
        "licence, and a company's free samples. Who may not use what was made of them sets "
        "liveness_head = false.",
        "threshold": f"below it are {REFUSED:.0%} of bona fide pictures (presentations and "
        f"{PHOTOGRAPHS // 2} other photographs of LFW in equal parts); no attack has a part in it",
        "seed": seed,
        "made by": "python evaluation.py train-liveness --attacks DIR --photographs LFW",
    }  # fmt: skip


def _images(shown: Presentation) -> Iterator[NDArray[np.uint8]]:
    if not shown.clip:
        yield picture_of(shown)
        return
    for frame in frames_of(shown.path):
        if frame.captured_at > CLIP_S:
            break
        yield frame.image


def _of_photographs(
    files: Iterable[Path], recogniser: Recogniser, network: MiniFas
) -> Iterator[Floats]:
    for file in files:
        try:
            photograph = read_photograph(file)
        except ImageError:
            continue
        height, width = photograph.shape[:2]
        size = (max(round(width * HEIGHT / height), 1), HEIGHT)
        large = np.asarray(cv2.resize(photograph, size, interpolation=cv2.INTER_CUBIC), np.uint8)
        found = _inputs(large, recogniser, network)
        if found is not None:
            yield found


def _inputs(image: NDArray[np.uint8], recogniser: Recogniser, network: MiniFas) -> Floats | None:
    face = recogniser.assess(image).face
    if face is None:
        return None
    return inputs_of(network.scores(image, face), square(image, face))


def _weights(found: Samples) -> Floats:
    keys = [(shown.bona_fide, shown.person) for shown in found.shown]
    counts = Counter(keys)
    weights = np.array([counts[key] ** -0.5 for key in keys])
    for side in (found.bona_fide, ~found.bona_fide):
        weights[side] *= len(keys) / 2 / weights[side].sum()
    return weights


def _quantile(values: Floats, weights: Floats, share: float) -> float:
    order = np.argsort(values)
    reached = np.cumsum(weights[order]) / weights.sum()
    return float(values[order][np.searchsorted(reached, share)])
