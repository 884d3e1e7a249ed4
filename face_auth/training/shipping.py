"""Release of a candidate network: its cohort, its measurements, and the replacement of files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from face_auth.datasets.unseen import UNSEEN_FILE, unseen_people
from face_auth.evaluation.context import Context
from face_auth.evaluation.features import Extractor
from face_auth.evaluation.material import Material, photographs_in
from face_auth.evaluation.protocols import calibration
from face_auth.files import write_whole
from face_auth.model_making import duplicate_thresholds
from face_auth.model_making.card_writing import card_of, write_entry
from face_auth.model_making.cohort import People
from face_auth.model_making.recipes import embed_people, make_cohort, write_cohort
from face_auth.models import load_card, load_cohort, read_checked, read_entry
from face_auth.training.compare import Comparison, Outcome, as_json
from face_auth.training.people import Half, half_of
from face_auth.training.shards import TrainingError

NAME = "bundled"


def add_cohort(
    folder: Path, photographs: Path, landmarks: Path | None, say: Callable[[str], None] = print
) -> None:
    """Make a candidate's cohort from its training people, with thresholds by the choosing half.

    Raises:
        ModelError: If there are too few people.
    """
    known, unseen = embed_people(
        NAME, folder, photographs, landmarks, unseen_people(folder / UNSEEN_FILE).__contains__, say
    )
    names = np.asarray(unseen.names)
    chooses = np.array([half_of(name) is Half.CHOOSING for name in unseen.names])
    choosing = People(unseen.embeddings[chooses], list(names[chooses]))
    say(write_cohort(NAME, folder, make_cohort(known, choosing, "mixture", say)))


def replace(
    old: Path,
    new: Path,
    comparison: Comparison,
    photographs: Path,
    landmarks: Path | None,
    cache: Path,
    seed: int,
    say: Callable[[str], None] = print,
) -> None:
    """Measure all values of the card, then install network, cohort and card in *old*.

    Only now are all unseen people looked at together: for the thresholds, no longer to decide.

    Raises:
        TrainingError: If the comparison did not call the network better, or the data support no
            threshold.
        ModelError: If a file is missing or damaged.
        OSError: If a file cannot be written; the same command goes on.
    """
    verdict, reason = comparison.verdict()
    if verdict is not Outcome.BETTER:
        raise TrainingError(f"Nothing was replaced: {reason}.")
    is_unseen = unseen_people(new / UNSEEN_FILE).__contains__
    _, unseen = embed_people(NAME, new, photographs, landmarks, is_unseen, say)
    say(
        duplicate_thresholds.write_thresholds(
            NAME, new, duplicate_thresholds.measure(NAME, new, unseen)
        )
    )
    material = Material({}, {}, frozenset(), photographs_in(photographs))
    extractor = Extractor(NAME, cache, new)
    with extractor.cache:
        context = Context(extractor, material, seed)
        points = calibration.points_of(context)
        if all(point.missing for point in points):
            raise TrainingError("The data support no threshold; nothing was replaced.")
        calibration.write(context, points)
    put_in_place(old, new, comparison)
    say(f"{old} holds the new network, its cohort, thresholds and card. Staff approve the models")
    say("(python -m atm approve). Each customer then needs new-face; until then, no login.")


def put_in_place(old: Path, new: Path, comparison: Comparison) -> None:
    """Copy network, cohort and card; until the card, which is last, the kiosk refuses the mixture.

    Raises:
        ModelError: If *new* is not whole.
        OSError: If a file cannot be written.
    """
    card = load_card(NAME, new)
    load_cohort(card)
    entry: dict[str, Any] = dict(read_entry(NAME, new))
    entry["training"] = dict(entry.get("training", {})) | {"comparison": as_json(comparison)}
    network = read_checked(new / card.file, card.sha256)
    cohort = entry["cohort"]["file"]
    vectors = read_checked(new / cohort, entry["cohort"]["sha256"])
    write_whole(old / card.file, network, mode=0o644)
    write_whole(old / cohort, vectors, mode=0o644)
    write_entry(card_of(NAME, old), NAME, entry)
