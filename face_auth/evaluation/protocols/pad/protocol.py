"""Protocol: presentation attack detection on real clips, then on simulated visits."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from face_auth.evaluation.material import InputError, Photographs, say
from face_auth.evaluation.metrics import upper_bound
from face_auth.evaluation.protocols.pad.clips import Clip, clip_files, judge_clips
from face_auth.evaluation.protocols.pad.kept import VisitCache
from face_auth.evaluation.protocols.pad.species import ATTACKS, BONA_FIDE, RATE, Make
from face_auth.evaluation.protocols.pad.visits import Visit, subjects, visit
from face_auth.evaluation.result import Section, Table, percent
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
        minifas: The published network's file; None judges without it.
        cache: The folder where visits are kept, so that a run that was stopped goes on.
        sequences: Of each species; 0 leaves the attacks out.
        visits: Of honest customers; None is in proportion to *sequences*.
        liveness: The setting that is measured.
        rate: How many pictures a second are judged.
    """

    videos: Path | None
    minifas: Path | None
    cache: Path
    sequences: int = ATTACKS_EACH
    visits: int | None = None
    liveness: Liveness = "challenge"
    rate: float = RATE


@dataclass(frozen=True, slots=True)
class HonestVisit:
    """A bona fide customer's visit: number of attempts, duration and outcome."""

    first: Visit
    attempts: int
    seconds: float
    passed: bool


def pad(photographs: Photographs, options: PadOptions, seed: int) -> Section:
    """Measure presentation attack detection.

    Raises:
        InputError: If there are too few photographs of people who face the camera.
        ModelError: If a model file is missing or another one.
        OSError: If the folder of clips cannot be read.
    """
    honest_count = options.visits
    if honest_count is None:
        honest_count = max(round(options.sequences * BONA_FIDE_VISITS / ATTACKS_EACH), 1)
    if options.sequences < 0 or honest_count < 1 or not 1 <= options.rate <= 60:
        raise InputError("a number of visits, of sequences and of pictures a second is needed")
    recogniser = Recogniser.load()
    passive = PassiveCheck(options.minifas)
    tables: list[Table] = []
    values: dict[str, Any] = {
        "network": passive.has_network,
        "liveness": options.liveness,
        "pictures a second": options.rate,
    }
    if options.videos is not None:
        say(f"real clips in {options.videos} ...")
        clips = judge_clips(clip_files(options.videos), recogniser, passive)
        tables.append(_clip_table(clips))
        values["clips"] = [_clip_values(clip) for clip in clips]
    cv2.setNumThreads(1)
    paths = [path for name in sorted(photographs.unseen) for path in photographs.people[name]]
    wanted = max(honest_count, options.sequences) + 1
    shown = list(islice(subjects(paths, recogniser, seed), wanted))
    if len(shown) < 2:
        raise InputError("no two photographs show one person who faces the camera")
    kept = VisitCache(options.cache, values | {"seed": seed, "people": [str(p) for p in paths]})

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
    values |= {
        "simulated": True,
        "attacks": {name: _rates(visits) for name, visits in attacks.items()},
        "bona fide": _honest_values(honest),
    }
    summary = f"BPCER {percent(values['bona fide']['BPCER'], 1)} at the first attempt."
    if attacks:
        worst = _worst(attacks)
        bound = percent(values["attacks"][worst]["upper bound"], 1)
        summary = f"Simulated: the worst species, {worst}, passes below {bound} (95 %); {summary}"
        tables.append(_attack_table(attacks, passive.has_network))
    tables.append(_honest_table(honest, options.rate))
    return Section(NAME, "Presentation attacks", summary, values=values, tables=tables)


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


def _rates(visits: Sequence[Visit]) -> dict[str, Any]:
    passed = sum(one.passed for one in visits)
    return {
        "sequences": len(visits),
        "passed": passed,
        "not judged": sum(not one.passed and not one.suspected for one in visits),
        "APCER": passed / len(visits),
        "upper bound": upper_bound(passed, len(visits)),
        "refused by": dict(Counter(one.reason for one in visits if not one.passed)),
    }


def _worst(attacks: dict[str, list[Visit]]) -> str:
    return max(attacks, key=lambda name: _rates(attacks[name])["upper bound"])


def _attack_table(attacks: dict[str, list[Visit]], network: bool) -> Table:
    worst, rows = _worst(attacks), []
    for name, visits in attacks.items():
        rates = _rates(visits)
        by_challenge = sum(reason.startswith("challenge") for reason in _reasons(visits))
        cells = (
            name,
            f"{rates['passed']} of {rates['sequences']}",
            percent(rates["APCER"], 1),
            percent(rates["upper bound"], 1),
            f"{len(_reasons(visits)) - by_challenge}",
            f"{by_challenge}",
        )
        rows.append(tuple(f"**{cell}**" for cell in cells) if name == worst else cells)
    return Table(
        "Simulated attacks",
        ("species", "passed", "APCER", "95 % upper bound", "by passive cues", "by challenge"),
        rows,
        (
            "Simulated from LFW photographs of people whom the network did not see; the two last "
            "columns say what refused first. Upper bound: Clopper-Pearson, one-sided.",
            f"The published liveness network {'took' if network else 'did not take'} part. "
            "Masks in three dimensions and deep fakes injected live are not in here.",
        ),
    )


def _reasons(visits: Sequence[Visit]) -> list[str]:
    return [one.reason for one in visits if not one.passed]


def _honest_values(honest: Sequence[HonestVisit]) -> dict[str, Any]:
    refused = sum(not one.first.passed for one in honest)
    suspected = sum(one.first.suspected for one in honest)
    went_well = [one for one in honest if one.passed]
    first = [one.first.seconds for one in honest if one.first.passed]
    seconds = [one.seconds for one in went_well]

    def at(values: Sequence[float], share: float) -> float | None:
        return float(np.percentile(values, share)) if values else None

    return {
        "visits": len(honest),
        "refused at first": refused,
        "suspected at first": suspected,
        "BPCER": refused / len(honest),
        "upper bound": upper_bound(refused, len(honest)),
        "refused three times": len(honest) - len(went_well),
        "attempts": {
            "median": at([one.attempts for one in went_well], 50),
            "p95": at([one.attempts for one in went_well], 95),
        },
        "seconds": {"median": at(seconds, 50), "p95": at(seconds, 95)},
        "seconds of a first attempt": {"median": at(first, 50), "p95": at(first, 95)},
        "refused by": dict(Counter(one.first.reason for one in honest if not one.first.passed)),
    }


def _honest_table(honest: Sequence[HonestVisit], rate: float) -> Table:
    values = _honest_values(honest)

    def shown(name: str, digits: int = 1) -> str:
        median, p95 = values[name]["median"], values[name]["p95"]
        return "–" if median is None else f"{median:.{digits}f} / {p95:.{digits}f}"

    return Table(
        "Simulated honest customers",
        (
            "visits",
            "refused at first",
            "of them suspected",
            "BPCER",
            "95 % upper bound",
            "refused three times",
            "attempts",
            "seconds",
        ),
        [
            (
                f"{values['visits']}",
                f"{values['refused at first']}",
                f"{values['suspected at first']}",
                percent(values["BPCER"], 1),
                percent(values["upper bound"], 1),
                f"{values['refused three times']}",
                shown("attempts", 0),
                shown("seconds"),
            )
        ],
        (
            f"Median / 95 % of those who got in, at {rate:g} judged pictures a second. How fast "
            "people move is assumed, not measured. Whom the check could not judge counts as "
            "refused; the kiosk asks them to try again and suspects nothing.",
        ),
    )


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
