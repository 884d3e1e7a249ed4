"""Protocol: closed-set identification, in which everybody is enrolled."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from face_auth.evaluation import charts
from face_auth.evaluation.context import Context
from face_auth.evaluation.features import PhotographState
from face_auth.evaluation.material import Image, InputError, say
from face_auth.evaluation.metrics import ranks, wilson
from face_auth.evaluation.result import Chart, Mistake, Section, Table, as_list, percent

NAME: Final = "closed-set"
WORST: Final = 10
CONFUSIONS: Final = 24
"""Pairs of people in the chart of confusions, so that their names can be read."""
PROTOTYPE: Final = 0.8960
"""What the prototype reported on its 4,100 test images of 205 people."""


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """The identification result of each test image.

    Attributes:
        images: The images.
        ranks: The place of the right person among all, 0 is the first; shape (n,).
        named: The person who was named; empty without a face.
        states: A `PhotographState` each.
        people: Who could be named.
    """

    images: Sequence[Image]
    ranks: NDArray[np.intp]
    named: Sequence[str]
    states: NDArray[np.uint8]
    people: Sequence[str]


def closed_set(context: Context) -> Section:
    """Train on one folder and identify every image in the other."""
    answers = classify(context)
    unseen = np.array([image.person in context.material.unseen for image in answers.images])
    groups = {
        "everybody": np.ones(len(unseen), bool),
        "unseen people": unseen,
        "seen people": ~unseen,
    }
    figures = {name: _figures(answers, group) for name, group in groups.items() if group.any()}
    worst = _worst(answers)
    by_alteration = _by_alteration(answers)
    overall = figures["everybody"]
    not_enrolled = sorted({image.person for image in answers.images} - {*answers.people})
    return Section(
        name=NAME,
        title="Closed set: everybody is enrolled",
        summary=f"{percent(overall['accuracy'])} of {overall['images']:,} altered images are "
        f"given the right name{_prototype(context)}.",
        values={
            "accuracy": overall["accuracy"],
            "people": len(answers.people),
            "groups": figures,
            "not enrolled": not_enrolled,
            "worst": [
                {"person": p, "wrong": w, "images": n, "taken for": t} for p, w, n, t in worst
            ],
            "by alteration": by_alteration,
            "prototype": PROTOTYPE,
        },
        tables=(_table(figures, len(answers.people), not_enrolled), _worst_table(worst)),
        charts=(
            _confusion_chart(answers),
            Chart(
                "alterations",
                "Accuracy an image by what was done to the photograph (plain and mirrored).",
                charts.dots(by_alteration, "accuracy"),
            ),
        ),
        mistakes=_mistakes(answers),
    )


def _prototype(context: Context) -> str:
    if not context.material.photographs.lfw:
        return ""
    return f"; the prototype reported {percent(PROTOTYPE)}"


def classify(context: Context) -> Answers:
    """Return the identification results of all test images.

    Raises:
        InputError: If fewer than two people can be trained on.
    """
    trained, features = context.train
    people = [image.person for image in trained]
    if len(set(people)) < 2:
        raise InputError("The training folder needs usable images of two people or more.")
    svm = context.identification_svm(features.embeddings(), people)
    images, tested = context.test
    column = {name: index for index, name in enumerate(svm.people)}
    for name, count in Counter(image.person for image in images).items():
        if name not in column:
            say(f"{name} is not enrolled: {count} test images count as errors")
    truth = np.array([column.get(image.person, -1) for image in images])
    scores = svm.scores(tested.embeddings())
    places = np.where(tested.found, ranks(scores, truth), len(svm.people))
    best = scores.argmax(axis=1)
    named = [
        svm.people[index] if found else ""
        for index, found in zip(best.tolist(), tested.found.tolist(), strict=True)
    ]
    return Answers(images, places, named, tested.states, svm.people)


def _figures(answers: Answers, group: NDArray[np.bool_]) -> dict[str, Any]:
    """Return the numbers of one column."""
    right = answers.ranks == 0
    photographs: dict[tuple[str, str], bool] = {}
    for index in np.flatnonzero(group).tolist():
        image = answers.images[index]
        if image.alteration == "plain":
            photographs[image.person, image.photograph] = bool(right[index])
        else:
            photographs.setdefault((image.person, image.photograph), False)
    count = len(photographs)
    accuracy = float(right[group].mean())
    return {
        "people": len({person for person, _ in photographs}),
        "images": int(group.sum()),
        "accuracy": accuracy,
        "accuracy interval": as_list(wilson(accuracy * count, count)),
        "top 5": float((answers.ranks[group] < min(5, len(answers.people))).mean()),
        "photographs": count,
        "photographs right": sum(photographs.values()),
        "photograph accuracy": sum(photographs.values()) / count,
        "photograph accuracy interval": as_list(wilson(sum(photographs.values()), count)),
        "images without a face": int((answers.states[group] == PhotographState.NO_FACE).sum()),
        "unreadable images": int((answers.states[group] == PhotographState.UNREADABLE).sum()),
    }


def _table(figures: dict[str, dict[str, Any]], enrolled: int, not_enrolled: Sequence[str]) -> Table:
    names = {"everybody": "all", "unseen people": "unseen", "seen people": "seen in training"}

    def row(label: str, cell: Any) -> list[str]:
        return [label, *(cell(figures[name]) if name in figures else "–" for name in names)]

    notes = [
        f"{enrolled} people are enrolled. An image without a detectable face is an error. The "
        "copies of a photograph are alike, so both intervals (Wilson, 95 %) count photographs.",
        f"The prototype's {percent(PROTOTYPE)} was on 4,100 copies of 205 photographs of 205 "
        "people, no stranger among them, by a recogniser that always names somebody.",
    ]
    if not_enrolled:
        names_of = ", ".join(not_enrolled)
        notes.append(f"Not enrolled, so all their images are errors: {names_of}.")
    if "seen people" not in figures:
        notes.append(
            "Nobody here was seen in training: python -m face_auth.datasets lfw --people all"
        )
    return Table(
        "Whoever is on the image is enrolled",
        ("", "everybody", "unseen people", "seen people"),
        (
            row("people", lambda own: str(own["people"])),
            row("accuracy an image", lambda own: percent(own["accuracy"])),
            row("  interval", lambda own: _between(own["accuracy interval"])),
            row("among the first five", lambda own: percent(own["top 5"])),
            row("images", lambda own: f"{own['images']:,}"),
            row("accuracy a photograph", lambda own: percent(own["photograph accuracy"])),
            row("  interval", lambda own: _between(own["photograph accuracy interval"])),
            row("photographs", lambda own: f"{own['photographs']:,}"),
            row("images without a face", lambda own: str(own["images without a face"])),
            row("unreadable images", lambda own: str(own["unreadable images"])),
        ),
        notes,
    )


def _between(ends: Sequence[float]) -> str:
    return f"{100 * ends[0]:.2f} to {100 * ends[1]:.2f} %"


def _worst(answers: Answers) -> list[tuple[str, int, int, str]]:
    """Return the people with the most errors: name, errors, images, most frequent wrong name."""
    rows = []
    people = sorted({image.person for image in answers.images})
    own: dict[str, list[int]] = {name: [] for name in people}
    for index, image in enumerate(answers.images):
        own[image.person].append(index)
    for name, indices in own.items():
        wrong = [answers.named[index] for index in indices if answers.ranks[index] > 0]
        if wrong:
            usual = max(sorted(set(wrong)), key=wrong.count)
            rows.append((name, len(wrong), len(indices), usual or "(no face)"))
    return sorted(rows, key=lambda row: (-row[1] / row[2], row[0]))[:WORST]


def _worst_table(worst: Sequence[tuple[str, int, int, str]]) -> Table:
    return Table(
        "The worst classes",
        ("person", "wrong", "images", "mostly taken for"),
        [(name, str(wrong), str(count), usual) for name, wrong, count, usual in worst],
    )


def _by_alteration(answers: Answers) -> dict[str, float]:
    """Return the accuracy by what was done to the photograph, mirrored or not."""
    right = answers.ranks == 0
    groups: dict[str, list[bool]] = {}
    for image, hit in zip(answers.images, right.tolist(), strict=True):
        name = image.alteration.removesuffix("_mirrored").replace("_", " ")
        groups.setdefault(name, []).append(hit)
    return {name: sum(hits) / len(hits) for name, hits in groups.items()}


def _mistakes(answers: Answers) -> list[Mistake]:
    """Return every image that was not given the right name, by person."""
    wrong = [
        Mistake(image.path, image.person, name or "no face found")
        for image, name, rank in zip(answers.images, answers.named, answers.ranks, strict=True)
        if rank > 0
    ]
    return sorted(wrong, key=lambda mistake: (mistake.person, mistake.path.name))


def _confusion_chart(answers: Answers) -> Chart:
    """Return the chart of the commonest confusions, with the names of the people."""
    pairs = Counter(
        (image.person, name)
        for image, name in zip(answers.images, answers.named, strict=True)
        if name and name != image.person
    )
    shown = dict(sorted(pairs.items(), key=lambda item: (-item[1], item[0]))[:CONFUSIONS])
    people = len({name for pair in shown for name in pair})
    every = "Every" if len(shown) == len(pairs) else f"The {len(shown)} commonest of {len(pairs)}"
    return Chart(
        "confusion",
        f"{every} confusion: who was on the image (row) and who was named (column); the number "
        "is that of the images. People who were never confused are not shown.",
        charts.confusion(shown),
        (3.4 + 0.26 * people, 2.6 + 0.24 * people),
    )
