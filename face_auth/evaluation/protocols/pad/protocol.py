"""Protocol: presentation attack detection on real clips, then on simulated visits."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from face_auth.evaluation.material import InputError, Photographs, say
from face_auth.evaluation.protocols.pad.clips import Clip, clip_files, judge_clips
from face_auth.evaluation.protocols.pad.fitting import Group, left_out, ordinary, samples
from face_auth.evaluation.protocols.pad.kept import VisitCache
from face_auth.evaluation.protocols.pad.manifest import Presentation, read_manifest
from face_auth.evaluation.protocols.pad.presented import judge_all
from face_auth.evaluation.protocols.pad.real import real_summary, real_tables, real_values
from face_auth.evaluation.protocols.pad.simulated import (
    HonestVisit,
    attack_table,
    honest_table,
    honest_values,
    rates,
    simulated_summary,
)
from face_auth.evaluation.protocols.pad.species import ATTACKS, BONA_FIDE, RATE, Make
from face_auth.evaluation.protocols.pad.visits import Visit, subjects, visit
from face_auth.evaluation.result import Section, Table
from face_auth.liveness.head import load_head
from face_auth.liveness.passive import PassiveCheck
from face_auth.recogniser import Recogniser
from face_auth.types import Liveness

NAME: Final = "pad"
ATTACKS_EACH: Final = 67
"""Sequences a species: one that passes still gives an upper bound below 7 %."""
BONA_FIDE_VISITS: Final = 300
TRIES: Final = 3
"""Attempts that an honest customer makes before they give up."""


@dataclass(frozen=True, slots=True)
class PadOptions:
    """The options of the command line.

    Attributes:
        videos: A folder of real clips; None leaves them out.
        attacks: A folder of real presentations with a manifest; None leaves them out.
        minifas: The published network's file; None judges without it.
        head: The folder whose model card holds the fitted head; None judges without it.
        leave_out: "person" or "collection": real presentations are judged by heads that are fitted
            anew without them. "" judges them by *head*.
        cache: The folder where visits are kept, so that a run that was stopped goes on.
        sequences: Of each species; 0 leaves the attacks out.
        visits: Of honest customers; None is in proportion to *sequences*; 0 where there is a
            folder leaves the simulation out.
        liveness: The setting that is measured.
        rate: How many pictures a second are judged.
    """

    videos: Path | None
    attacks: Path | None
    minifas: Path | None
    head: Path | None
    cache: Path
    sequences: int = ATTACKS_EACH
    visits: int | None = None
    liveness: Liveness = "challenge"
    rate: float = RATE
    leave_out: str = ""


def pad(photographs: Photographs, options: PadOptions, seed: int) -> Section:
    """Measure presentation attack detection, on what is real first.

    Raises:
        InputError: If there are too few photographs of people who face the camera, or a manifest
            cannot be used.
        ModelError: If a model file is missing or another one.
        OSError: If the folder of clips, a clip or a picture cannot be read.
    """
    honest_count = options.visits
    if honest_count is None:
        honest_count = max(round(options.sequences * BONA_FIDE_VISITS / ATTACKS_EACH), 1)
    real = options.attacks is not None or options.videos is not None
    if options.sequences < 0 or honest_count < (not real) or not 1 <= options.rate <= 60:
        raise InputError("a number of visits, of sequences and of pictures a second is needed")
    recogniser = Recogniser.load()
    head = load_head(options.head) if options.head is not None and options.minifas else None
    passive = PassiveCheck(options.minifas, head)
    tables: list[Table] = []
    summaries: list[str] = []
    values: dict[str, Any] = {
        "network": passive.has_network,
        "head": head is not None,
        "liveness": options.liveness,
        "pictures a second": options.rate,
    }
    if options.attacks is not None:
        say(f"real presentations in {options.attacks} ...")
        shown = read_manifest(options.attacks)
        if options.leave_out:
            passive_for = _left_out(
                photographs, shown, options.leave_out, recogniser, passive, seed
            )
        else:
            passive_for = partial(_always, passive)
        judged = judge_all(shown, recogniser, passive_for)
        values["left out"] = options.leave_out
        tables += real_tables(judged, _how_judged(options, passive))
        values["real"] = real_values(judged)
        summaries.append(real_summary(values["real"]))
    if options.videos is not None:
        say(f"real clips in {options.videos} ...")
        clips = judge_clips(clip_files(options.videos), recogniser, passive)
        tables.append(_clip_table(clips))
        values["clips"] = [_clip_values(clip) for clip in clips]
    if honest_count:
        honest, attacks = _simulate(photographs, options, seed, recogniser, passive, honest_count)
        values |= {
            "simulated": True,
            "attacks": {name: rates(visits) for name, visits in attacks.items()},
            "bona fide": honest_values(honest),
        }
        if attacks:
            tables.append(attack_table(attacks, passive.has_network))
        tables.append(honest_table(honest, options.rate))
        summaries.append(simulated_summary(values))
    return Section(NAME, "Presentation attacks", " ".join(summaries), values, tables)


def _always(passive: PassiveCheck, shown: Presentation) -> PassiveCheck:
    return passive


def _left_out(
    photographs: Photographs,
    shown: Sequence[Presentation],
    leave_out: str,
    recogniser: Recogniser,
    passive: PassiveCheck,
    seed: int,
) -> Callable[[Presentation], PassiveCheck]:
    if passive.network is None:
        raise InputError("a head can be fitted with the liveness network alone: give --minifas")
    say(f"heads that leave out one {leave_out} each ...")
    group: Group = attrgetter(leave_out)
    found = samples(shown, recogniser, passive.network)
    heads = left_out(found, ordinary(photographs, recogniser, passive.network, seed), group)
    return lambda one: passive.with_head(heads.get(group(one)))


def _how_judged(options: PadOptions, passive: PassiveCheck) -> str:
    if options.leave_out:
        return f"Each is judged by a head that was fitted without its {options.leave_out}."
    if passive.has_head:
        return "Judged by the head of the model card, which was fitted on what the card says."
    return "Judged without a fitted head."


def _simulate(
    photographs: Photographs,
    options: PadOptions,
    seed: int,
    recogniser: Recogniser,
    passive: PassiveCheck,
    honest_count: int,
) -> tuple[list[HonestVisit], dict[str, list[Visit]]]:
    """Return simulated visits: of honest customers, and of attackers by species."""
    cv2.setNumThreads(1)
    paths = [path for name in sorted(photographs.unseen) for path in photographs.people[name]]
    wanted = max(honest_count, options.sequences) + 1
    shown = list(islice(subjects(paths, recogniser, seed), wanted))
    if len(shown) < 2:
        raise InputError("no two photographs show one person who faces the camera")
    kept = VisitCache(
        options.cache,
        {
            "network": passive.has_network,
            "head": passive.has_head,
            "liveness": options.liveness,
            "pictures a second": options.rate,
            "seed": seed,
            "people": [str(path) for path in paths],
        },
    )

    def run(name: str, make: Make, index: int, own: int) -> Visit:
        pair = shown[index % len(shown)], shown[(index + 1) % len(shown)]
        return kept.visit(
            name,
            lambda: visit(recogniser, passive, make, *pair, own, options.liveness, options.rate),
        )

    honest = _honest_visits(honest_count, run, seed)
    attacks: dict[str, list[Visit]] = {}
    for number, (name, make) in enumerate(ATTACKS.items()):
        if not options.sequences:
            break
        attacks[name] = [
            run(f"{name} {index}", make, index, _seed(seed, number + 1, index))
            for index in range(options.sequences)
        ]
        passed = sum(one.passed for one in attacks[name])
        say(f"simulated: {name}: {passed} of {options.sequences} passed")
    kept.close()
    return honest, attacks


def _seed(seed: int, group: int, index: int) -> int:
    return int(np.random.SeedSequence([seed, group, index]).generate_state(1)[0])


def _honest_visits(
    count: int, run: Callable[[str, Make, int, int], Visit], seed: int
) -> list[HonestVisit]:
    say(f"simulated: {count} bona fide visits ...")
    visits = []
    for index in range(count):
        tries: list[Visit] = []
        while len(tries) < TRIES and not (tries and tries[-1].passed):
            name = f"bona fide {index} {len(tries)}"
            own = _seed(seed, 0, index * TRIES + len(tries))
            tries.append(run(name, BONA_FIDE, index, own))
        seconds = sum(one.seconds for one in tries)
        visits.append(HonestVisit(tries[0], len(tries), seconds, tries[-1].passed))
        if len(visits) % 50 == 0:
            refused = sum(not one.first.passed for one in visits)
            say(f"  {refused} of {len(visits)} refused at first")
    return visits


def _clip_table(clips: Sequence[Clip]) -> Table:
    return Table(
        "Real clips, liveness passive",
        ("clip", "attempts", "taken as bona fide", "score", "enrols", "admitted as"),
        [
            (
                clip.name,
                f"{clip.attempts}" + (f" (+{clip.unusable} unusable)" if clip.unusable else ""),
                f"{clip.passed} of {clip.attempts}",
                f"{float(np.median(clip.scores)):.1f}" if clip.scores else "–",
                "no" if clip.enrolled else "yes",
                ", ".join(clip.admitted) or "nobody",
            )
            for clip in clips
        ],
        ("An attempt begins every two seconds. Score: median, 0 and above is bona fide.",),
    )


def _clip_values(clip: Clip) -> dict[str, Any]:
    return {
        "clip": clip.name,
        "attempts": clip.attempts,
        "passed": clip.passed,
        "unusable": clip.unusable,
        "scores": list(clip.scores),
        "reasons": dict(Counter(clip.reasons)),
        "enrolled": not clip.enrolled,
        "why not": clip.enrolled,
        "admitted as": list(clip.admitted),
    }
