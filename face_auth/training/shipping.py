"""Release of a candidate network: its cohort, its measurements, and the replacement of files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from face_auth.datasets.unseen import UNSEEN_FILE, read_names
from face_auth.evaluation.context import Context
from face_auth.evaluation.features import Extractor
from face_auth.evaluation.material import Material, photographs_in
from face_auth.evaluation.protocols import calibration
from face_auth.files import write_whole
from face_auth.model_making import duplicate_thresholds
from face_auth.model_making.card_writing import card_of, write_entry
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
    listed = read_names(folder / UNSEEN_FILE)
    everybody = embed_people(NAME, folder, photographs, landmarks, say)
    known = everybody.of(lambda name: name not in listed)
    choosing = everybody.of(lambda name: name in listed and half_of(name) is Half.CHOOSING)
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
    listed = read_names(new / UNSEEN_FILE)
    unseen = embed_people(NAME, new, photographs, landmarks, say).of(listed.__contains__)
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
    say(f"{old} holds the new network, its cohort, thresholds and card.")
    say("Staff approve the new models (python -m atm approve).")
    say("Then every customer needs a new face (python -m atm new-face).")


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
