"""Passive presentation attack detection: one score from several frames of an attempt.

The score starts at what the fitted head says, without one at what the published network says, and
without that at `WITHOUT_NETWORK`; every cue takes from it in proportion to what it is above its
limit. Limits and slopes were chosen by hand on a few simulated sequences and with clips in view,
not fitted; `python evaluation.py --protocol pad` measures the whole.

A cue that cannot judge abstains: the attempt may then fail, but no attack is suspected. In poor
light no cue can judge. Standing still is no sign of anything: people do.

A face that moves with its surroundings as one flat thing passes no batch, whatever the score: it is
asked to move its head. A held picture cannot; a person before a camera that trembles can.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Final

import numpy as np
from numpy.typing import NDArray

from face_auth.liveness import cues
from face_auth.liveness.flatness import flatness
from face_auth.liveness.head import LivenessHead, inputs_of
from face_auth.liveness.minifas import MiniFas, square
from face_auth.models import ModelFiles
from face_auth.recognition.detection import Face
from face_auth.recognition.quality import light
from face_auth.types import Frame, LivenessResult, Verdict

FRAMES: Final = 8
"""Frames that are judged."""
SPAN_S: Final = 0.7
"""Least time from the first to the last of them: less shows little movement of a flat thing."""
FEW: Final = 3
"""Frames that are enough where the evidence for a person is clear."""
FROZEN_S: Final = 0.5
"""A camera that shows the same picture this long shows no person; recordings repeat single ones."""
NETWORK_OFFSET: Final = 4.5
"""Added to the network's median score, which is above -1.7 on 99 % of 400 LFW faces. The rest is
for cameras that smooth skin: one bona fide clip from a phone has medians down to -3.5."""
SCORE_RANGE: Final = (-12.0, 8.0)
HEAD_SCALE: Final = 6.0
"""By what the head's log odds are multiplied: half of the bona fide clips at hand have 1.3 or more,
which then counts as much as the network's upper end did."""
CLEAR: Final = SCORE_RANGE[1]
"""The score from which it is: the top of the scale. Of single pictures, by heads
that saw neither person nor camera, 0 of 70 attacks before webcams and 8 % of 127 tight crops of
attacks have it, and 41 % of 178 people. Without the head it is a network's score from 3.5 on."""
WITHOUT_NETWORK: Final = 3.0
"""Where the score starts without the network."""


@dataclass(frozen=True, slots=True)
class Weight:
    """The deduction of a cue: *slope* for each unit above *limit*, at most *most*."""

    limit: float
    slope: float
    most: float


NETWORK: Final = "network"
"""Name of the network's score among what is measured; of the head's: HEAD."""
HEAD: Final = "fitted head"
FLAT: Final = "it moves as one flat thing with its surroundings"
FLAT_FROM: Final = 0.7
"""Flatness from which a batch does not pass: a face leaves less than 30 % of its movement
unexplained by that of its surroundings. Points are followed to about 0.5 px, so 4 px of movement of
a flat thing leave 12 %; the rest is for its bending, and for compression."""
WEIGHTS: Final = {
    "frame around the face": Weight(0.1, 9.0, 9.0),
    "moire": Weight(0.85, 20.0, 9.0),
    "refresh bands": Weight(4.0, 0.5, 2.0),
}
"""By the reason that the log gives. Bands take little: fast movements look like them. Moire over
eight frames was 0.79 at most in 60 simulated visits, and 0.88 or more in those 7 of 48 simulated
replays that the other cues let pass."""
RECORDED: Final = -99.0
"""The score of frames that no camera gives."""
SUSPICIOUS: Final = 1.0
"""A cue that takes this much is named as a reason."""


def judge_repetition(repetition: cues.Repetition) -> LivenessResult | None:
    """Return a refusal if the frames are a still picture or a loop, otherwise None."""
    if repetition.frozen_s > FROZEN_S:
        return LivenessResult(False, RECORDED, ("the picture stands still",))
    if repetition.returned:
        return LivenessResult(False, RECORDED, ("pictures come again",))
    return None


def is_clear(result: LivenessResult) -> bool:
    """Return whether few frames are enough: a score of `CLEAR`, and nothing against it.

    They may pass somebody early and refuse nobody: that waits for `FRAMES`.
    """
    return result.passed and result.score >= CLEAR and not result.reasons


def mean_result(results: Sequence[LivenessResult]) -> LivenessResult:
    """Return the combined result of one attempt's sequences: the mean score and all reasons.

    The latest must not be one that passes nobody, whatever its score.

    Args:
        results: At least one, the latest last: its guidance is given.
    """
    score = fmean(one.score for one in results)
    names = set[str]().union(*(one.measured for one in results))
    measured = {
        name: fmean(one.measured[name] for one in results if name in one.measured) for name in names
    }
    abstained = fmean(one.abstained for one in results)
    reasons = dict.fromkeys(reason for one in results for reason in one.reasons)
    return LivenessResult(
        score >= 0 and (results[-1].passed or results[-1].score < 0),
        score,
        tuple(reasons),
        abstained,
        results[-1].guidance,
        measured,
    )


class PassiveCheck:
    """The passive check of frame sequences; may be shared by threads."""

    def __init__(
        self, minifas: Path | ModelFiles | None = None, head: LivenessHead | None = None
    ) -> None:
        """Load the published network.

        Args:
            minifas: Its file or a models folder; None judges without it.
            head: What is fitted on the network's score and texture; it is not used without the
                network.

        Raises:
            ModelError: If the file is missing or is not the published one.
        """
        self._network = MiniFas(minifas) if minifas is not None else None
        self._head = head if self._network is not None else None

    def with_head(self, head: LivenessHead | None) -> "PassiveCheck":
        """Return a check with another head and the same network."""
        other = PassiveCheck()
        other._network, other._head = self._network, head
        return other

    @property
    def network(self) -> MiniFas | None:
        """The published network."""
        return self._network

    @property
    def has_network(self) -> bool:
        """Whether the published network is used."""
        return self._network is not None

    @property
    def has_head(self) -> bool:
        """Whether the fitted head is used."""
        return self._head is not None

    def judge(self, frames: Sequence[Frame], faces: Sequence[Face]) -> LivenessResult:
        """Judge the frames of one attempt.

        Args:
            frames: Oldest first, all of one camera; RGB.
            faces: The face in each.

        Raises:
            ValueError: If they differ in number, or fewer than `FEW` are given.
        """
        if len(frames) != len(faces) or len(frames) < FEW:
            raise ValueError(f"{len(frames)} frames and {len(faces)} faces; {FEW} are needed")
        repetition = cues.Repetition()
        for frame in frames:
            repetition.add(frame)
        recorded = judge_repetition(repetition)
        if recorded is not None:
            return recorded
        found = self.measure(frames, faces)
        taken = {
            reason: min(max(0.0, found[reason] - weight.limit) * weight.slope, weight.most)
            for reason, weight in WEIGHTS.items()
        }
        reasons = [reason for reason, much in taken.items() if much >= SUSPICIOUS]
        score = WITHOUT_NETWORK
        if NETWORK in found:
            told = HEAD_SCALE * found[HEAD] if HEAD in found else found[NETWORK] + NETWORK_OFFSET
            score = float(np.clip(told, *SCORE_RANGE))
            if score < 0:
                reasons.insert(0, "the network sees a picture of a face")
        score -= sum(taken.values())
        flat = found[FLAT] >= FLAT_FROM
        if flat:
            reasons.append(FLAT)
        abstained, guidance = 0.0, Verdict.MOVE if flat else Verdict.OK
        lit = [light(*pair) for pair in _some(frames, faces)]
        poor = max(lit, key=lit.count)
        if poor is not Verdict.OK:
            abstained, guidance = max(0.0, WITHOUT_NETWORK - score), poor
        passed = score >= 0 and not flat
        return LivenessResult(passed, score, tuple(reasons), abstained, guidance, found)

    def measure(self, frames: Sequence[Frame], faces: Sequence[Face]) -> dict[str, float]:
        """Return what each cue measures, by the reason that it gives; more is more suspicious.

        The network's score, where there is one, is under `NETWORK`, the head's under `HEAD`: of
        both, more is less suspicious.

        Args:
            frames: Oldest first, at least one. Of one alone, cues of movement measure nothing.
            faces: The face in each.
        """
        pairs = list(zip((frame.image for frame in frames), faces, strict=True))
        found = {
            "frame around the face": float(
                np.median([cues.border(*pair) for pair in _some(frames, faces)])
            ),
            "moire": cues.moire(frames, faces),
            "refresh bands": cues.bands(frames, faces),
            FLAT: flatness(frames, faces),
        }
        if self._network is not None:
            scores = np.array([self._network.scores(*pair) for pair in pairs])
            found[NETWORK] = float(np.median(scores.mean(axis=1)))
            if self._head is not None:
                crops = [square(*pair) for pair in pairs]
                inputs = [inputs_of(*each) for each in zip(scores, crops, strict=True)]
                found[HEAD] = float(np.median(self._head.scores(np.array(inputs))))
        return found


def _some(frames: Sequence[Frame], faces: Sequence[Face]) -> list[tuple[NDArray[np.uint8], Face]]:
    """Return about four of the pictures, for cues that take long, with the face in each."""
    pairs = list(zip((frame.image for frame in frames), faces, strict=True))
    return pairs[:: max(len(pairs) // 4, 1)]
