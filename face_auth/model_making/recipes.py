"""The steps that make a network's files: network, cohort, thresholds and card entries."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from face_auth.errors import ModelError
from face_auth.files import write_whole
from face_auth.model_making.card_writing import card_of, digest, write_entry
from face_auth.model_making.cohort import (
    KINDS,
    SIZE,
    People,
    best_scores,
    of_groups,
    pack,
    rounded,
    together,
)
from face_auth.model_making.photograph_embeddings import (
    embed_folder,
    embed_grouped,
    read_landmarks,
)
from face_auth.model_making.trial import Trial, run_trial
from face_auth.models import Framing, load_card, load_cohort, read_card_file, read_entry
from face_auth.recognition.classifier import Embeddings
from face_auth.recognition.embedding import load_network

BUNDLED_FILE: Final = "inception_resnet_v1.tflite"
CANDIDATES: Final = SIZE + SIZE // 4
"""Drawn at first; those that look like somebody are dropped."""
STRICT, LOOSE = "1e-4", "1e-3"


@dataclass(frozen=True, slots=True, eq=False)
class MadeCohort:
    """A cohort and the measurement made with it.

    Attributes:
        vectors: Unit rows, shape (SIZE, 512), as they come back from the file.
        kind: "mixture" or "blends".
        sources: How many people it was made of.
        trial: The kiosk's protocol on people who are not among them.
    """

    vectors: Embeddings
    kind: str
    sources: int
    trial: Trial


def write_bundled(folder: Path, content: bytes) -> str:
    """Write the bundled network, and its SHA-256 into the card; return a message.

    A network other than the card's takes the cohort and the thresholds out of the card: they are
    those of the old one.
    """
    path = card_of("bundled", folder)
    entry = dict(read_card_file(path).get("bundled", {}))
    if entry.get("sha256") == digest(content):
        write_whole(folder / BUNDLED_FILE, content, mode=0o644)
        return f"Wrote {folder / BUNDLED_FILE}, the same as the card's."
    entry |= {"file": BUNDLED_FILE, "sha256": digest(content)}
    entry.setdefault("input", {"size": 112, "framing": Framing.FIVE_POINTS.value})
    entry |= {"cohort": None, "thresholds": {}, "provisional": True}
    for measured_with_it in ("calibration", "duplicates"):
        entry.pop(measured_with_it, None)
    write_whole(folder / BUNDLED_FILE, content, mode=0o644)
    write_entry(path, "bundled", entry)
    return f"Wrote {folder / BUNDLED_FILE}, a new network: make its cohort next."


def embed_people(
    name: str,
    folder: Path,
    pictures: Path,
    landmarks: Path | None,
    say: Callable[[str], None] = print,
) -> People:
    """Return the embeddings of everybody in a folder of photographs."""
    network = load_network(name, folder)
    say(f"Embedding the photographs in {pictures}")
    return embed_folder(pictures, network, read_landmarks(landmarks) if landmarks else None, say)


def embed_groups(name: str, folder: Path, faces: Path) -> list[People]:
    """Return the people of each group of whom cohorts are made, one face each."""
    labels, rows = embed_grouped(faces, load_network(name, folder), lambda label: label.for_cohort)
    groups = np.array([label.group for label in labels])
    names = np.array([label.name for label in labels])
    return [
        People(rows[groups == group], list(names[groups == group])) for group in np.unique(groups)
    ]


def make_cohort(
    known: People,
    unseen: People,
    kind: str,
    say: Callable[[str], None] = print,
    groups: Sequence[People] = (),
) -> MadeCohort:
    """Return a cohort in which no vector matches a person it was made from.

    Args:
        known: The people to make it of.
        unseen: The people to measure the thresholds on.
        kind: "mixture" or "blends".
        say: Gets a line on each step.
        groups: The people of each group, of whom half of the vectors are made; none for *known*
            alone.

    Raises:
        ModelError: If the photographs are too few to measure thresholds, or no such cohort can be
            made of them.
    """
    drawn = of_groups(known, groups, CANDIDATES) if groups else [KINDS[kind](known, CANDIDATES)]
    drawn = [rounded(part) for part in drawn]
    shares = [len(part) * SIZE // CANDIDATES for part in drawn]
    firsts = [part[:share] for part, share in zip(drawn, shares, strict=True)]
    known = together([known, *groups])
    first = run_trial(unseen, np.concatenate(firsts))
    say(f"{kind}, before vectors are dropped: {describe(first)}")
    limit = thresholds(first)[LOOSE]
    alike = best_scores(np.concatenate(drawn), known, held_out=True) >= limit
    say(
        f"{kind}: {alike.sum()} of {len(alike)} vectors match a person they may have come from "
        f"by SVMs trained without them (FMR {LOOSE}); they are dropped"
    )
    ends = np.cumsum([len(part) for part in drawn])[:-1]
    vectors = np.concatenate(
        [
            part[~dropped][:share]
            for part, dropped, share in zip(drawn, np.split(alike, ends), shares, strict=True)
        ]
    )
    if len(vectors) < SIZE:
        raise ModelError(
            f"Too many of the {kind} look like a person they were made of; only {len(vectors)} "
            f"of {SIZE} are left. Take more people."
        )
    trial = run_trial(unseen, vectors)
    say(f"{kind}: {describe(trial)}")
    if not matches_nobody(vectors, known, thresholds(trial), say):
        raise ModelError(
            "A vector of the cohort passes for a person it came from. Take more people."
        )
    return MadeCohort(vectors, kind, len(set(known.names)), trial)


def matches_nobody(
    vectors: Embeddings,
    known: People,
    limits: Mapping[str, float],
    say: Callable[[str], None] = print,
) -> bool:
    """Return whether no vector matches a person it may have been made from; report the margin.

    Twice: by the kiosk's own SVMs at the looser threshold, and at the stricter by SVMs trained
    against the other half of the cohort, to which the vector is a stranger.
    """
    good = True
    for held_out, rate in ((False, LOOSE), (True, STRICT)):
        if rate not in limits:
            continue
        best = best_scores(vectors, known, held_out=held_out)
        how = "trained without the vector" if held_out else "the kiosk's"
        say(
            f"against each person it may have come from, SVM {how}: best score {best.max():.3f}, "
            f"threshold {limits[rate]:.3f} (FMR {rate}), passing: {(best >= limits[rate]).sum()} "
            f"of {len(best)}"
        )
        good = good and bool((best < limits[rate]).all())
    return good


def write_cohort(name: str, folder: Path, made: MadeCohort) -> str:
    """Write a cohort and its card entry; return a message."""
    entry = dict(read_entry(name, folder))
    content = pack(made.vectors, entry["sha256"])
    file = f"{name}_cohort.npz"
    entry["cohort"] = {
        "file": file,
        "sha256": digest(content),
        "vectors": len(made.vectors),
        "kind": made.kind,
        "made of people": made.sources,
    }
    entry["thresholds"] = {rate: round(v, 4) for rate, v in thresholds(made.trial).items()}
    entry["provisional"] = True
    entry.pop("default rate", None)
    for measured_with_it in ("calibration", "duplicates"):
        entry.pop(measured_with_it, None)
    measured: dict[str, Any] = dict(entry.get("measured", {}))
    measured["kiosk protocol"] = {
        "customers": made.trial.customers,
        "genuine attempts": len(made.trial.genuine),
        "impostor attempts": len(made.trial.impostor),
        "true accept rate at FMR": {
            rate: round(share, 4) for rate, share in made.trial.true_accept_rates().items()
        },
    }
    entry["measured"] = measured
    write_whole(folder / file, content, mode=0o644)
    write_entry(card_of(name, folder), name, entry)
    return f"Wrote {folder / file} ({len(content) / 1e6:.1f} MB) and its thresholds (provisional)."


def check_cohort(
    name: str, folder: Path, known: People, say: Callable[[str], None] = print
) -> bool:
    """Return whether the cohort in *folder* passes `matches_nobody` at the card's thresholds."""
    card = load_card(name, folder)
    return matches_nobody(load_cohort(card), known, card.thresholds, say)


def thresholds(trial: Trial) -> dict[str, float]:
    """Return a trial's thresholds.

    Raises:
        ModelError: If it is too small for the looser one.
    """
    found = trial.thresholds()
    if LOOSE not in found:
        raise ModelError(
            f"{len(trial.impostor)} impostor attempts by photographs of other people are too few "
            "to measure a threshold; 10,000 are needed. Take more people, some with six "
            "photographs or more."
        )
    return found


def describe(trial: Trial) -> str:
    """Return one line: how many attempts, and TAR and threshold at each FMR."""
    limits, shares = trial.thresholds(), trial.true_accept_rates()
    rates = ", ".join(
        f"TAR {shares[rate]:.4f} at FMR {rate} (threshold {limits[rate]:.3f})" for rate in limits
    )
    return (
        f"{trial.customers} customers, {len(trial.genuine)} genuine and {len(trial.impostor)} "
        f"impostor attempts: {rates}"
    )
