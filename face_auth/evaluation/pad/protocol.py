"""Protocol: presentation attacks. Real clips first, then simulated visits for counts."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from face_auth.evaluation.context import say
from face_auth.evaluation.material import InputError, Photographs
from face_auth.evaluation.pad.clips import Clip, clip_files, judge_clips
from face_auth.evaluation.pad.species import ATTACKS, BONA_FIDE, Subject
from face_auth.evaluation.pad.visits import Visit, subjects, visit
from face_auth.evaluation.result import Section, Table, percent
from face_auth.liveness.check import Liveness
from face_auth.liveness.passive import PassiveCheck
from face_auth.metrics import upper_bound
from face_auth.recogniser import Recogniser

NAME: Final = "pad"
ATTACKS_EACH: Final = 67
"""Sequences a species: one that passes still gives an upper bound below 7 %."""
BONA_FIDE_VISITS: Final = 300
TRIES: Final = 3
"""Attempts that an honest customer makes before they give up."""
TARGET: Final = 0.07


@dataclass(frozen=True, slots=True)
class PadOptions:
    """What the command line says.

    Attributes:
        videos: A folder of real clips; None leaves them out.
        minifas: The published network's file; None judges without it.
        sequences: Of each species; bona fide visits are in proportion.
        liveness: The setting that is measured.
    """

    videos: Path | None
    minifas: Path | None
    sequences: int = ATTACKS_EACH
    liveness: Liveness = "challenge"


@dataclass(frozen=True, slots=True)
class Honest:
    """An honest customer's visit: how many attempts, how long, and whether it went well."""

    first: Visit
    attempts: int
    seconds: float
    passed: bool


def pad(photographs: Photographs, options: PadOptions, seed: int) -> Section:
    """Measure presentation attack detection.

    Raises:
        InputError: If there are too few photographs of people who face the camera.
        ModelError: If a model file is missing or another one.
        OSError: If a clip cannot be read.
    """
    if options.sequences < 1:
        raise InputError("at least one sequence a species is needed")
    recogniser = Recogniser.load()
    passive = PassiveCheck(options.minifas)
    tables: list[Table] = []
    values: dict[str, Any] = {"network": passive.has_network, "liveness": options.liveness}
    if options.videos is not None:
        say(f"real clips in {options.videos} ...")
        clips = judge_clips(clip_files(options.videos), recogniser, passive)
        tables.append(_clip_table(clips))
        values["clips"] = [_clip_values(clip) for clip in clips]
    cv2.setNumThreads(1)
    paths = [path for name in sorted(photographs.unseen) for path in photographs.people[name]]
    honest_count = max(round(options.sequences * BONA_FIDE_VISITS / ATTACKS_EACH), 1)
    shown = list(islice(subjects(paths, recogniser, seed), honest_count + 1))
    if len(shown) < 2:
        raise InputError("no two photographs show one person who faces the camera")
    honest = _honest_visits(shown, honest_count, recogniser, passive, options.liveness, seed)
    attacks: dict[str, list[Visit]] = {}
    for number, (name, make) in enumerate(ATTACKS.items()):
        attacks[name] = [
            visit(
                recogniser,
                passive,
                make,
                shown[index % len(shown)],
                shown[(index + 1) % len(shown)],
                _seed(seed, number + 1, index),
                options.liveness,
            )
            for index in range(options.sequences)
        ]
        passed = sum(one.passed for one in attacks[name])
        say(f"simulated: {name}: {passed} of {options.sequences} passed")
    tables += [_attack_table(attacks, passive.has_network), _honest_table(honest)]
    values |= {
        "simulated": True,
        "attacks": {name: _rates(visits) for name, visits in attacks.items()},
        "bona fide": _honest_values(honest),
    }
    worst = _worst(attacks)
    bpcer = values["bona fide"]["BPCER"]
    bound = values["attacks"][worst]["upper bound"]
    return Section(
        name=NAME,
        title="Presentation attacks",
        summary=f"Simulated: the worst species, {worst}, passes below {percent(bound, 1)} (95 %); "
        f"BPCER {percent(bpcer, 1)} at the first attempt.",
        values=values,
        tables=tables,
    )


def _seed(seed: int, group: int, index: int) -> int:
    return int(np.random.SeedSequence([seed, group, index]).generate_state(1)[0])


def _honest_visits(
    shown: Sequence[Subject],
    count: int,
    recogniser: Recogniser,
    passive: PassiveCheck,
    liveness: Liveness,
    seed: int,
) -> list[Honest]:
    say(f"simulated: {count} bona fide visits ...")
    visits = []
    for index in range(count):
        person, other = shown[index % len(shown)], shown[(index + 1) % len(shown)]
        tries: list[Visit] = []
        while len(tries) < TRIES and not (tries and tries[-1].passed):
            own = _seed(seed, 0, index * TRIES + len(tries))
            tries.append(visit(recogniser, passive, BONA_FIDE, person, other, own, liveness))
        seconds = sum(one.seconds for one in tries)
        visits.append(Honest(tries[0], len(tries), seconds, tries[-1].passed))
        if len(visits) % 50 == 0:
            refused = sum(not one.first.passed for one in visits)
            say(f"  {refused} of {len(visits)} refused at first")
    return visits


def _rates(visits: Sequence[Visit]) -> dict[str, Any]:
    passed = sum(one.passed for one in visits)
    return {
        "sequences": len(visits),
        "passed": passed,
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


def _honest_values(honest: Sequence[Honest]) -> dict[str, Any]:
    refused = sum(not one.first.passed for one in honest)
    went_well = [one for one in honest if one.passed]
    first = [one.first.seconds for one in honest if one.first.passed]
    seconds = [one.seconds for one in went_well]

    def at(values: Sequence[float], share: float) -> float | None:
        return float(np.percentile(values, share)) if values else None

    return {
        "visits": len(honest),
        "refused at first": refused,
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


def _honest_table(honest: Sequence[Honest]) -> Table:
    values = _honest_values(honest)

    def shown(name: str, digits: int = 1) -> str:
        median, p95 = values[name]["median"], values[name]["p95"]
        return "–" if median is None else f"{median:.{digits}f} / {p95:.{digits}f}"

    return Table(
        "Simulated honest customers",
        (
            "visits",
            "refused at first",
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
                percent(values["BPCER"], 1),
                percent(values["upper bound"], 1),
                f"{values['refused three times']}",
                shown("attempts", 0),
                shown("seconds"),
            )
        ],
        ("Median / 95 % of those who got in. How fast people move is assumed, not measured.",),
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
