"""Protocol: FNMR of customers with glasses, a hat, side light or a half-turned head."""

import math
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from face_auth.datasets.photographs import ImageError, read_photograph
from face_auth.datasets.subject import subject
from face_auth.evaluation.material import InputError, Photographs, say
from face_auth.evaluation.metrics import wilson
from face_auth.evaluation.overlays import ALLOWED
from face_auth.evaluation.protocols.pad.heads import Head, HeadPlacement
from face_auth.evaluation.result import Section, Table, percent
from face_auth.gallery import Template
from face_auth.models import MODELS, Threshold, load_card
from face_auth.recogniser import Recogniser
from face_auth.recognition.detection import Face, letterbox

NAME: Final = "allowed"
ENROLLED: Final = 5
TURNS: Final = {"turned by 15 degrees": 15.0, "turned by 25 degrees": 25.0}
KINDS: Final = ("unaltered", *ALLOWED, *TURNS)
WORN: Final = ("glasses", "tinted glasses", "eye patch", "hat")
"""What a customer may wear at enrolment as well."""
CUSTOMERS: Final = 232
RATES: Final = ("1e-4", "1e-5")
"""False match rates to measure at; a network without a threshold for one takes its strictest."""

Picture = NDArray[np.uint8]


def allowed(
    photographs: Photographs,
    seed: int,
    network: str = "bundled",
    folder: Path = MODELS,
    customers: int = CUSTOMERS,
) -> Section:
    """Measure FNMR under each alteration that guidance lets pass.

    Each customer is enrolled from five photographs as they are; the sixth is the attempt, as it
    is and altered. Then they are enrolled with what they wear, and come with it. A face that is not
    found any more counts as a refusal.

    Raises:
        InputError: If nobody has six photographs.
        ModelError: If a model file is missing or another one.
    """
    recogniser = Recogniser.load(network, folder=folder)
    card = load_card(network, folder)
    rates = sorted({card.threshold(rate) for rate in RATES}, key=lambda each: each.value)
    cv2.setNumThreads(1)
    people = [
        name for name in sorted(photographs.unseen) if len(photographs.people[name]) > ENROLLED
    ]
    if not people:
        raise InputError("nobody has six photographs")
    say(f"recognition under {len(KINDS) - 1} alterations, and with {len(WORN)} things worn ...")
    scores: dict[str, list[float]] = {kind: [] for kind in (*KINDS, *map(_with, WORN))}
    tried = 0
    for number, name in enumerate(islice(people, customers)):
        rng = np.random.default_rng([seed, number])
        found: list[tuple[Picture, Face]] = []
        for index in rng.permutation(len(photographs.people[name])):
            one = _read(photographs, name, int(index), recogniser)
            if one is not None and not any(np.array_equal(one[0], other) for other, _ in found):
                found.append(one)
            if len(found) > ENROLLED:
                break
        if len(found) <= ENROLLED:
            continue
        template = recogniser.train(
            name, np.concatenate([_embed(recogniser, *one) for one in found[:ENROLLED]])
        )
        tried += 1
        picture, face = found[ENROLLED]
        for kind in KINDS:
            altered = _altered(picture, face, kind, rng)
            scores[kind].append(_score(recogniser, template, altered))
        for kind in WORN:
            # The same draws for each picture: it is one pair of glasses.
            worn = [
                (_altered(*one, kind, np.random.default_rng([seed, number, 1])), one[1])
                for one in found
            ]
            template = recogniser.train(
                name, np.concatenate([_embed(recogniser, *one) for one in worn[:ENROLLED]])
            )
            scores[_with(kind)].append(_score(recogniser, template, worn[ENROLLED][0]))
    if not tried:
        raise InputError("nobody has six usable photographs")
    return _section(scores, tried, rates)


def _with(kind: str) -> str:
    return f"{kind}, enrolled with them" if kind.endswith("s") else f"{kind}, enrolled with it"


def _score(recogniser: Recogniser, template: Template, picture: Picture) -> float:
    """Return the score of the attempt; below every threshold without a face."""
    face = subject(picture, recogniser.detector.detect(picture))
    if face is None:
        return -math.inf
    return float(template.svm.score(_embed(recogniser, picture, face))[0])


def _read(
    photographs: Photographs, name: str, index: int, recogniser: Recogniser
) -> tuple[Picture, Face] | None:
    try:
        picture = read_photograph(photographs.people[name][index])
    except ImageError:
        return None
    frame, _ = letterbox(picture)
    face = subject(frame, recogniser.detector.detect(frame))
    return None if face is None else (frame, face)


def _embed(recogniser: Recogniser, picture: Picture, face: Face) -> NDArray[np.float32]:
    return recogniser.network.embed(recogniser.network.frame_face(picture, face)[np.newaxis])


def _altered(picture: Picture, face: Face, kind: str, rng: np.random.Generator) -> Picture:
    if kind in ALLOWED:
        return ALLOWED[kind](picture, face.landmarks, rng)
    if kind in TURNS:
        yaw = TURNS[kind] * (1 if rng.random() < 0.5 else -1)
        return Head(picture, face, 1).draw(HeadPlacement(yaw=yaw), 0.0)
    return picture


def _section(
    scores: Mapping[str, Sequence[float]], tried: int, rates: Sequence[Threshold]
) -> Section:
    fnmr = {
        rate.fmr: {
            kind: sum(score < rate.value for score in own) / tried for kind, own in scores.items()
        }
        for rate in rates
    }
    rows = []
    for kind in scores:
        row = [kind]
        for rate in rates:
            share = fnmr[rate.fmr][kind]
            around = wilson(round(share * tried), tried)
            row += [percent(share, 1), f"{100 * around.low:.1f} to {100 * around.high:.1f} %"]
        rows.append(tuple(row))
    strictest = rates[-1].fmr
    at_strictest = fnmr[strictest]
    hardest = max(at_strictest, key=lambda kind: at_strictest[kind])
    return Section(
        name=NAME,
        title="Recognition under what is allowed",
        summary=f"FNMR at {strictest} {percent(at_strictest['unaltered'], 1)} unaltered; hardest: "
        f"{hardest}, {percent(at_strictest[hardest], 1)}.",
        values={"attempts": tried, "FNMR": fnmr},
        tables=(
            Table(
                "FNMR under alterations",
                ("the attempt", *(head for rate in rates for head in (f"at {rate.fmr}", "95 %"))),
                rows,
                (
                    f"{tried} customers, enrolled without the alteration unless it says so, one "
                    "attempt each. Glasses, hat and light are painted on, turns are simulated.",
                ),
            ),
        ),
    )
