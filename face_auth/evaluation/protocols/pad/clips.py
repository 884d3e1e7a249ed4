"""Real video clips: the passive liveness result and the matches of each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from face_auth.camera.opencv import rgb_of
from face_auth.datasets.photographs import shown
from face_auth.enrolment import enrol_face
from face_auth.errors import AcquisitionError
from face_auth.evaluation.material import say
from face_auth.gallery import Template
from face_auth.liveness.check import make_check
from face_auth.liveness.passive import PassiveCheck
from face_auth.recogniser import Recogniser
from face_auth.recognition.quality import Steadiness
from face_auth.types import Frame, LivenessResult
from face_auth.verification import verify

SUFFIXES: Final = frozenset({".mp4", ".mov", ".webm", ".avi", ".mkv"})
RATE: Final = 10.0
"""Frames a second that are looked at, as the kiosk's face thread does."""
EVERY_S: Final = 2.0
"""A new attempt begins so often."""
LOGIN_S: Final = 8.0
"""How long one may take."""


@dataclass(frozen=True, slots=True)
class Clip:
    """The results of one clip.

    Attributes:
        name: The file's, without its ending.
        attempts: Passive attempts that had enough usable frames.
        passed: How many of those were taken for bona fide.
        unusable: Attempts that ended without a judgement, for lack of usable frames, of light or of
            movement: nobody is admitted by them.
        scores: Of the attempts.
        reasons: Everything that spoke against one.
        enrolled: Why it enrols nobody, or empty.
        admitted: The clips with which its person then gets in, of those tried.
    """

    name: str
    attempts: int
    passed: int
    unusable: int
    scores: tuple[float, ...]
    reasons: tuple[str, ...]
    enrolled: str
    admitted: tuple[str, ...]


def clip_files(folder: Path) -> list[Path]:
    """Return the videos in a folder, sorted by name; other files of such names are named."""
    found = []
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in SUFFIXES:
            if path.is_file() and next(frames_of(path), None) is not None:
                found.append(path)
            else:
                say(f"{shown(path)}: no readable video (left out)")
    return found


def frames_of(path: Path, start_s: float = 0.0) -> Iterator[Frame]:
    """Yield a video's frames from a given time, at most RATE a second, with their own times.

    Nothing is yielded for a file that is no video.
    """
    video = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    try:
        rate = video.get(cv2.CAP_PROP_FPS)
        rate = rate if 1 <= rate <= 240 else 25.0
        step = max(round(rate / RATE), 1)
        number = 0
        while video.grab():
            if number / rate >= start_s and number % step == 0:
                done, image = video.retrieve()
                if done:
                    yield Frame(rgb_of(image), number / rate, number + 1)
            number += 1
    finally:
        video.release()


def judge_clips(files: Sequence[Path], recogniser: Recogniser, passive: PassiveCheck) -> list[Clip]:
    """Present each clip as a stranger, as an enrolling person, and against everybody enrolled."""
    templates: dict[str, Template] = {}
    refusals: dict[str, str] = {}
    for path in files:
        try:
            check = make_check("passive", passive)
            template, _ = enrol_face(recogniser, frames_of(path), path.stem, liveness=check)
            templates[path.stem] = template
        except AcquisitionError as error:
            refusals[path.stem] = str(error)
    clips = []
    for path in files:
        tries = attempts(path, recogniser, passive)
        judged = [one for one in tries if one is not None]
        admitted = tuple(
            name
            for name, template in templates.items()
            if any(
                _admits(path, start, template, recogniser, passive)
                for start in _starts(path, every_s=2 * EVERY_S)
            )
        )
        clips.append(
            Clip(
                name=path.stem,
                attempts=len(judged),
                passed=sum(one.passed for one in judged),
                unusable=len(tries) - len(judged),
                scores=tuple(one.score for one in judged),
                reasons=tuple(reason for one in judged for reason in one.reasons),
                enrolled=refusals.get(path.stem, ""),
                admitted=admitted,
            )
        )
    return clips


def attempts(
    path: Path, recogniser: Recogniser, passive: PassiveCheck
) -> list[LivenessResult | None]:
    """Return the results of attempts that begin every two seconds; None for one without a result.

    Raises:
        OSError: If the clip cannot be read.
    """
    return [_attempt(path, start, recogniser, passive) for start in _starts(path)]


def _starts(path: Path, every_s: float = EVERY_S) -> list[float]:
    last = 0.0
    for frame in frames_of(path):
        last = frame.captured_at
    return [float(start) for start in np.arange(0, max(last - 1.0, 0.1), every_s)]


def _attempt(
    path: Path, start_s: float, recogniser: Recogniser, passive: PassiveCheck
) -> LivenessResult | None:
    check = make_check("passive", passive)
    steadiness = Steadiness()
    for frame in islice(frames_of(path, start_s), round(LOGIN_S * RATE)):
        seen = steadiness.judge(recogniser.assess(frame.image), frame.captured_at)
        check.observe(frame, seen, partial(recogniser.embed, frame.image, seen))
        if check.done:
            return check.result
    return None


def _admits(
    path: Path, start_s: float, template: Template, recogniser: Recogniser, passive: PassiveCheck
) -> bool:
    frames = islice(frames_of(path, start_s), round(LOGIN_S * RATE))
    check = make_check("passive", passive)
    try:
        return verify(recogniser, frames, template, liveness=check).accepted
    except AcquisitionError:
        return False
