"""Part of the guidance protocol: whom each verdict sends away, by skin tone and exposure.

People are split into terciles by the individual typology angle of their unaltered photograph. Each
photograph is then taken again with less and less light (`exposed`), judged, and tried against a
template of its person's other photographs.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from face_auth.datasets.photographs import ImageError, content_of, read_photograph
from face_auth.evaluation.faces import Portrait, portraits, typology_angle
from face_auth.evaluation.frames import exposed
from face_auth.evaluation.material import Photographs, say
from face_auth.evaluation.metrics import wilson
from face_auth.evaluation.result import Table, between
from face_auth.gallery import Template
from face_auth.recogniser import Recogniser
from face_auth.recognition.detection import letterbox
from face_auth.recognition.quality import LEAST_CONTRAST, contrast, light
from face_auth.types import Verdict

MEASURED_ON: Final = 240
"""People, one photograph each."""
ENROLLED: Final = 3
"""Other photographs of the person, unaltered, that the template is made from."""
EXPOSURES: Final = (1.0, 0.6, 0.45, 0.25, 0.12, 0.06, 0.03)
TONES: Final = ("darker", "middle", "lighter")
FAILS: Final = 0.05
"""Recognition fails where it loses more than this share of what it recognises at exposure 1."""
CONTRASTS: Final = (0.0, 16.0, LEAST_CONTRAST, 24.0, 28.0, 34.0, 45.0, math.inf)
"""Edges of the table by contrast, grey levels."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is made of one picture.

    Attributes:
        verdict: Of the guidance.
        poor_light: Whether its light is poor for the passive cues.
        recognised: Whether it matches its person's template.
        contrast: Of the face, grey levels; NaN without one.
    """

    verdict: Verdict
    poor_light: bool
    recognised: bool
    contrast: float


@dataclass(frozen=True, slots=True)
class SkinTones:
    """The result: numbers for JSON, and tables for people."""

    values: dict[str, Any]
    tables: tuple[Table, ...] = ()


Person = tuple[float, tuple[Seen, ...]]
"""The typology angle, and what is seen at each exposure."""
OUTCOMES: Final[dict[str, Callable[[Seen], bool]]] = {
    "no face": lambda seen: seen.verdict is Verdict.NO_FACE,
    "too dark": lambda seen: seen.verdict is Verdict.TOO_DARK,
    "too bright or backlit": lambda seen: seen.verdict is Verdict.TOO_BRIGHT,
    "blurred": lambda seen: seen.verdict is Verdict.BLURRED,
    "covered": lambda seen: seen.verdict is Verdict.COVERED,
    "turned away": lambda seen: seen.verdict is Verdict.TURNED,
    "poor light for the passive cues": lambda seen: seen.poor_light,
}


def by_skin_tone(photographs: Photographs, skipped: int, seed: int) -> SkinTones:
    """Measure the verdicts and recognition by skin tone and exposure.

    Args:
        photographs: Of anybody; those with four photographs or more are measured on.
        skipped: Photographs that limits were set on, the first of the mixed ones.
        seed: Of their order.

    Raises:
        ModelError: If a model file is missing or another one.
    """
    recogniser = Recogniser.load()
    cv2.setNumThreads(1)
    say(f"guidance and recognition by skin tone at {len(EXPOSURES)} exposures ...")
    people: dict[str, Person] = {}
    enough = {name for name, files in photographs.people.items() if len(files) > ENROLLED}
    some = Photographs(
        photographs.folder,
        {name: files if name in enough else () for name, files in photographs.people.items()},
        photographs.unseen,
        photographs.lfw,
    )
    for portrait in portraits(some, skipped, recogniser.detector, seed):
        if len(people) == MEASURED_ON:
            break
        if portrait.person not in people:
            template = _template(some, portrait, recogniser)
            if template is not None:
                rng = np.random.default_rng([len(people), 7])
                seen = tuple(_seen(portrait, at, template, recogniser, rng) for at in EXPOSURES)
                people[portrait.person] = typology_angle(portrait), seen
    if len(people) < len(TONES):
        return SkinTones({"people": len(people)})
    return _result(list(people.values()))


def _template(
    photographs: Photographs, portrait: Portrait, recogniser: Recogniser
) -> Template | None:
    """Return the template of other photographs of the person, or None if too few show a face."""
    embeddings: list[NDArray[np.float32]] = []
    seen = {content_of(portrait.frame)}
    for path in photographs.people[portrait.person]:
        if path != portrait.path and len(embeddings) < ENROLLED:
            try:
                frame, _ = letterbox(read_photograph(path))
            except ImageError:
                continue
            if content_of(frame) in seen:
                continue
            seen.add(content_of(frame))
            quality = recogniser.assess(frame)
            if quality.face is not None and quality.verdict is not Verdict.SEVERAL:
                embeddings.append(recogniser.embed(frame, quality))
    if len(embeddings) < ENROLLED:
        return None
    return recogniser.train(portrait.person, np.stack(embeddings))


def _seen(
    portrait: Portrait,
    exposure: float,
    template: Template,
    recogniser: Recogniser,
    rng: np.random.Generator,
) -> Seen:
    picture = exposed(portrait.frame, exposure, rng)
    quality = recogniser.assess(picture)
    if quality.face is None:
        return Seen(quality.verdict, True, False, math.nan)
    score = float(template.svm.score(recogniser.embed(picture, quality)[np.newaxis])[0])
    return Seen(
        quality.verdict,
        light(picture, quality.face) is not Verdict.OK,
        score >= recogniser.threshold.value,
        contrast(picture, quality.face),
    )


def _result(people: Sequence[Person]) -> SkinTones:
    ordered = sorted(people, key=lambda person: person[0])
    edges = [round(part * len(ordered) / len(TONES)) for part in range(len(TONES) + 1)]
    groups = {
        tone: ordered[start:end] for tone, (start, end) in zip(TONES, pairwise(edges), strict=True)
    }
    lost = {
        tone: [_lost(group, place) for place in range(len(EXPOSURES))]
        for tone, group in groups.items()
    }
    fails = {
        tone: next((at for at, (k, n) in zip(EXPOSURES, counts, strict=True) if k > FAILS * n), 0.0)
        for tone, counts in lost.items()
    }
    values: dict[str, Any] = {
        "people": len(people),
        "angles": {tone: [group[0][0], group[-1][0]] for tone, group in groups.items()},
        "recognition_fails_at": fails,
        "lost": {
            tone: {f"{at:g}": list(count) for at, count in zip(EXPOSURES, counts, strict=True)}
            for tone, counts in lost.items()
        },
        "sent_away": {},
    }
    rows: list[tuple[str, ...]] = []
    for place, at in enumerate(EXPOSURES):
        counts = {tone: lost[tone][place] for tone in TONES}
        rows.append((f"{at:g}", "not recognised any more", *map(_share, counts.values()), ""))
        values["sent_away"][f"{at:g}"] = {}
        for name, is_so in OUTCOMES.items():
            counts = {
                tone: (sum(is_so(seen[place]) for _, seen in group), len(group))
                for tone, group in groups.items()
            }
            values["sent_away"][f"{at:g}"][name] = {t: list(c) for t, c in counts.items()}
            if any(count for count, _ in counts.values()):
                ratio = rate_ratio(*counts[TONES[0]], *counts[TONES[-1]])
                text = "{:.2f} ({:.2f} to {:.2f})".format(*ratio)
                rows.append((f"{at:g}", name, *map(_share, counts.values()), text))
    angles = ", ".join(
        f"{tone} {group[0][0]:.0f} to {group[-1][0]:.0f}" for tone, group in groups.items()
    )
    by_tone = Table(
        f"By skin tone and exposure, {len(people)} people",
        ("exposure", "outcome", *TONES, "darker : lighter"),
        rows,
        (
            f"Terciles of the individual typology angle, degrees: {angles}.",
            "Recognition fails (loses more than 5 % of what it recognises at exposure 1) from: "
            + ", ".join(f"{tone} {at:g}" for tone, at in fails.items())
            + ".",
            "Intervals of 95 %: Wilson; of the ratio, half a person added to each count.",
        ),
    )
    return SkinTones(values, (by_tone, _by_contrast(groups)))


def _lost(group: Sequence[Person], place: int) -> tuple[int, int]:
    """Return how many are not recognised at an exposure, of those recognised at the first."""
    known = [seen for _, seen in group if seen[0].recognised]
    return sum(not seen[place].recognised for seen in known), len(known)


def _by_contrast(groups: dict[str, list[Person]]) -> Table:
    rows = []
    for low, high in pairwise(CONTRASTS):
        cells = []
        for group in groups.values():
            tries = [
                seen.recognised
                for _, own in group
                if own[0].recognised
                for seen in own
                if low <= seen.contrast < high
            ]
            cells.append(_share((len(tries) - sum(tries), len(tries))))
        rows.append((f"{low:g} to {high:g}" if high < math.inf else f"{low:g} and more", *cells))
    return Table(
        "Not recognised any more, by the contrast of the face, all exposures together",
        ("grey levels", *TONES),
        rows,
    )


def _share(count: tuple[int, int]) -> str:
    k, n = count
    return f"{k} of {n} ({between(wilson(k, n), 1)})" if n else "-"


def rate_ratio(k: int, n: int, other_k: int, other_n: int) -> tuple[float, float, float]:
    """Return the ratio of two rates, k of n to the other, and its interval of 95 % (Katz).

    Half a trial is added to each count, so that none may be 0.
    """
    a, b, c, d = k + 0.5, n + 0.5, other_k + 0.5, other_n + 0.5
    middle = math.log(a / b * d / c)
    reach = 1.96 * math.sqrt(1 / a - 1 / b + 1 / c - 1 / d)
    return math.exp(middle), math.exp(middle - reach), math.exp(middle + reach)
