"""Quality of a face image: one verdict per frame, for guidance and for the choice of frames.

The limits were set on 1,319 one-face LFW photographs of 480 x 480 in a 640 x 480 frame (faces
about 230 px high), every fifth of them also altered at known strength. The figures below are of
1,309 other photographs, and of 260 for each alteration: altogether 98.8 % of them unaltered are OK.
Brightness and sharpness are read from the middle of the face, reduced to 64 x 64 grey pixels.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from face_auth.recognition.alignment import align
from face_auth.recognition.cascade import FRAME_HEIGHT, FRAME_WIDTH
from face_auth.recognition.detection import Face
from face_auth.recognition.occlusion import OcclusionClassifier, program_occlusion_classifier
from face_auth.recognition.oval import oval_in
from face_auth.recognition.pose import Pose, head_pose
from face_auth.types import Hindrance, Verdict

SECOND_FACE: Final = 0.6
"""A second face this share as high as the highest counts as a person; smaller ones are a queue."""

LOWEST_FACE: Final = 100.0
"""px in the letterboxed frame. The detector's smallest face; at 100 px it found 150 of 150 LFW
faces, with landmarks as true as at 250 px (error 2 % of the eye distance in both, median)."""

LEAST_CONTRAST: Final = 20.0
"""Contrast: grey levels between the darkest twentieth of the face and the brightest, which eyes,
nose and mouth make on any skin. Recognition needs it, and not brightness: faces with 16 to 20 grey
levels keep a cosine to themselves of 0.74, with 28 to 34 of 0.92 (medians, alike for dark and light
skin), and noise as strong as a small sensor's changes little. Unaltered: 0 of 3,558 below it, 99 %
have 52 or more. `python evaluation.py --protocol guidance` counts by skin tone."""

MOST_BURNT_OUT: Final = 0.02
"""Share of the face at 250 or more. Unaltered, with the next limit: 0.2 % above; twice as bright
85 % and in 10 % no face; 2.5 times 66 % and in 33 % no face."""

MOST_WASHED_OUT: Final = 155.0
"""Grey that a tenth of the face must stay below. Under a veil of 150 of 255, 99 % do not."""

BACKLIGHT: Final = (0.25, 240.0, 50.0)
"""Backlit: this share of what is around the face at this grey or more, and less contrast in the
face than the last. Unaltered: 0 %."""

DIM: Final = 110.0
FLAT: Final = 50.0
AGAINST_LIGHT: Final = 1.8
"""Where a face can be recognised, but its texture tells little: half of it darker than the first;
nine tenths of it within fewer grey levels than the second; or a quarter of what is around it
brighter than half of the face by the third. Chosen by hand with real clips in view: most webcams
in rooms show people so, and few faces on screens, which glow, are so dark. DIM and AGAINST_LIGHT
depend on skin: half of the darkest-skinned third of LFW's faces count, 1 % of the lightest. They
send nobody away, but keep the passive cues from accusing, and from passing whom they doubted."""

MOST_TURNED: Final = {"yaw": 30.0, "pitch": 36.0, "roll": 30.0}
"""Degrees. In simulation 24 LFW faces keep a cosine to themselves of 0.93 at 20 and 0.82 at 30
degrees of yaw (median). Pitch is as the landmarks tell it, with a bias that belongs to the person:
beyond 30 degrees are 16 of the 1,186 darkest-skinned of 3,558 LFW faces and 40 of the lightest,
beyond 36 degrees 3 and 5; of 67 between 28 and 32 degrees as many are recognised (91 %) as of
others."""

COVERED: Final = 1.0
"""Score of `occlusion` from which a face is covered. Above 0, where the classifiers' own threshold
lies, are 16 of the 1,186 darkest-skinned of 3,558 unaltered LFW faces and 1 of the lightest; above
1, 3 and 0. Of the painted coverings that score above 0 some 99 % score above 1."""

SURELY_COVERED: Final = 3.0
"""Score of `occlusion` from which a face without detail is covered and not blurred. Of 400
blurred by 2 % of the face none counts as covered, of 400 with masks 0.5 % as blurred."""

FASTEST: Final = 0.8
"""Face heights a second. At an exposure of 1/30 s it smears the face over 2.7 % of its height: of
200 LFW faces smeared so along a row 95 % keep a cosine to themselves of 0.98; at three times the
speed 0.72."""

STEADY_S: Final = 0.12
"""Time over which a movement is measured: from frame to frame the landmarks' error looks fast."""

LEAST_DETAIL: Final = {"across": 0.018, "down": 0.041, "slantwise": 0.05}
"""Standard deviation of the second difference in each direction, so that movement in one direction
shows; over the geometric mean of brightness and contrast, for over brightness alone light skin
looks blurred, and over contrast alone dark skin. Below one of them are 3 of the 1,186
darkest-skinned of 3,558 unaltered LFW faces and 6 of the lightest; blurred by a Gaussian of sigma
4 px 98 %, 5 px 100 %; smeared over 21 px along, across or between at least 97 %."""

SIDE: Final = 64


@dataclass(frozen=True, slots=True, eq=False)
class Quality:
    """The quality verdict on one frame.

    Attributes:
        verdict: OK, or the first thing to put right.
        face: The face that it speaks of, the highest; None with NO_FACE.
        aligned: That face as `align` gives it, RGB, shape (112, 112, 3); None where the judgement
            came without it.
    """

    verdict: Verdict
    face: Face | None
    aligned: NDArray[np.uint8] | None = field(default=None, repr=False)


def assess(
    image: NDArray[np.uint8], faces: list[Face], occlusion: OcclusionClassifier | None = None
) -> Quality:
    """Assess the quality of a frame in which these faces were found.

    Args:
        image: RGB, shape (h, w, 3), values 0 to 255; any size.
        faces: What the detector found in it, in any order, in pixels of *image*.
        occlusion: The classifiers in use; None for those that come with the program.
    """
    if not faces:
        return Quality(Verdict.NO_FACE, None)
    face, *others = sorted(faces, key=lambda face: -face.height)
    aligned: NDArray[np.uint8] | None = None
    if any(other.height >= SECOND_FACE * face.height for other in others):
        verdict = Verdict.SEVERAL
    else:
        verdict = _placed(image, face)
        if verdict is Verdict.OK and is_turned(face):
            verdict = Verdict.TURNED
        if verdict is Verdict.OK:
            grey = _middle(image, face)
            verdict = _lit(image, face, grey)
            if verdict is Verdict.OK:
                aligned = align(image, face.landmarks)
                verdict = _sharp_and_uncovered(grey, aligned, occlusion)
    return Quality(verdict, face, aligned)


class Steadiness:
    """The check of consecutive frames for fast movement, which gives HOLD_STILL."""

    def __init__(self) -> None:
        """Start without a frame."""
        self._before: list[tuple[float, Face]] = []
        self._verdicts: Counter[Verdict] = Counter()

    def judge(self, quality: Quality, at: float) -> Quality:
        """Return the verdict, with HOLD_STILL in place of OK for a fast-moving face.

        Args:
            quality: What `assess` says of a frame.
            at: When the frame was captured, in seconds; later than the one before.
        """
        judged = self._judge(quality, at)
        self._verdicts[judged.verdict] += 1
        return judged

    @property
    def hindrance(self) -> Hindrance | None:
        """What was wrong with at least half of the frames; None where no one thing was."""
        of = self._verdicts.total()
        for verdict, pictures in self._verdicts.most_common():
            if verdict is not Verdict.OK and 2 * pictures >= of:
                return Hindrance(verdict, pictures, of)
        return None

    def _judge(self, quality: Quality, at: float) -> Quality:
        face = quality.face
        if face is None:
            self._before = []
            return quality
        while len(self._before) > 1 and at - self._before[1][0] >= STEADY_S:
            del self._before[0]
        self._before.append((at, face))
        then, earlier = self._before[0]
        if quality.verdict is not Verdict.OK or at - then < STEADY_S / 2:
            return quality
        shift = face.landmarks.mean(axis=0) - earlier.landmarks.mean(axis=0)
        speed = float(np.hypot(*shift)) / face.height / (at - then)
        return replace(quality, verdict=Verdict.HOLD_STILL) if speed > FASTEST else quality


def light(image: NDArray[np.uint8], face: Face) -> Verdict:
    """Return TOO_DARK or TOO_BRIGHT if a usable face's texture tells little, otherwise OK."""
    grey = _middle(image, face)
    low, middle, high = np.percentile(grey, [5, 50, 95])
    if _bright_around(image, face, AGAINST_LIGHT * middle) > 0.25:
        return Verdict.TOO_BRIGHT
    return Verdict.TOO_DARK if middle < DIM or high - low < FLAT else Verdict.OK


def contrast(image: NDArray[np.uint8], face: Face) -> float:
    """Return the contrast of a face, grey levels; see `LEAST_CONTRAST`."""
    return _contrast(np.sort(_middle(image, face), axis=None))


def is_turned(face: Face) -> bool:
    """Return whether the head is turned too far for recognition."""
    try:
        pose: Pose = head_pose(face.landmarks)
    except ValueError:
        return True
    return any(abs(getattr(pose, angle)) > most for angle, most in MOST_TURNED.items())


def _placed(image: NDArray[np.uint8], face: Face) -> Verdict:
    """Judge size and place of the face: no larger than the oval, its landmarks inside.

    A box that touches the edge is off centre too: with 30 % of a face cut off the landmarks' error
    triples.
    """
    height, width = image.shape[:2]
    x, y, face_width, face_height = face.box
    if face_height * min(FRAME_WIDTH / width, FRAME_HEIGHT / height) < LOWEST_FACE:
        return Verdict.TOO_FAR
    oval = oval_in(width, height)
    if face_height > 2 * oval.down or face_width > 2 * oval.across:
        return Verdict.TOO_NEAR
    cut_off = x <= 0 or y <= 0 or x + face_width >= width - 1 or y + face_height >= height - 1
    if cut_off or not oval.has((float(x), float(y)) for x, y in face.landmarks):
        return Verdict.OFF_CENTRE
    return Verdict.OK


def _middle(image: NDArray[np.uint8], face: Face) -> NDArray[np.uint8]:
    """Return the middle of the face in grey, from brows to chin, shape (SIDE, SIDE)."""
    x, y, width, height = face.box
    left, right = round(x + 0.1 * width), round(x + 0.9 * width)
    top, bottom = round(y + 0.15 * height), round(y + 0.95 * height)
    part = image[max(top, 0) : max(bottom, 1), max(left, 0) : max(right, 1)]
    grey = cv2.cvtColor(part, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def _lit(image: NDArray[np.uint8], face: Face, grey: NDArray[np.uint8]) -> Verdict:
    """Judge the light on the middle of a face by its contrast, whatever the skin's own grey."""
    ordered = np.sort(grey, axis=None, kind="stable")  # a radix sort, for bytes
    burnt_out = 1 - np.searchsorted(ordered, 250) / ordered.size
    share, bright, little = BACKLIGHT
    if _contrast(ordered) < little and _bright_around(image, face, bright) > share:
        return Verdict.TOO_BRIGHT
    if burnt_out > MOST_BURNT_OUT or ordered[ordered.size // 10] > MOST_WASHED_OUT:
        return Verdict.TOO_BRIGHT
    return Verdict.TOO_DARK if _contrast(ordered) < LEAST_CONTRAST else Verdict.OK


def _contrast(ordered: NDArray[np.uint8]) -> float:
    return float(ordered[-ordered.size // 20]) - float(ordered[ordered.size // 20])


def _bright_around(image: NDArray[np.uint8], face: Face, bright: float) -> float:
    """Return the share of pixels outside the face, every eighth of them, that are that bright."""
    grey = cv2.cvtColor(np.ascontiguousarray(image[::8, ::8]), cv2.COLOR_RGB2GRAY)
    outside = np.ones(grey.shape, bool)
    x, y, width, height = (value / 8 for value in face.box)
    outside[max(int(y), 0) : int(y + height), max(int(x), 0) : int(x + width)] = False
    return float((grey[outside] >= bright).mean()) if outside.any() else 0.0


def _sharp_and_uncovered(
    grey: NDArray[np.uint8], aligned: NDArray[np.uint8], occlusion: OcclusionClassifier | None
) -> Verdict:
    """Judge sharpness, and whether eyes and mouth are seen.

    A mask has little detail and a blurred mouth looks like a mask: where both are found, the
    classifiers must be sure.
    """
    detail = _detail(grey)
    blurred = any(detail[direction] < least for direction, least in LEAST_DETAIL.items())
    covered = max((occlusion or program_occlusion_classifier()).scores(aligned).values())
    if covered > (SURELY_COVERED if blurred else COVERED):
        return Verdict.COVERED
    return Verdict.BLURRED if blurred else Verdict.OK


def _detail(grey: NDArray[np.uint8]) -> dict[str, float]:
    """Return how much of the brightness changes from pixel to pixel, in each direction."""
    values = grey.astype(np.float32)
    middle = 2 * values[1:-1, 1:-1]
    changes = {
        "across": 2 * values[:, 1:-1] - values[:, :-2] - values[:, 2:],
        "down": 2 * values[1:-1] - values[:-2] - values[2:],
        "falling": middle - values[:-2, :-2] - values[2:, 2:],
        "rising": middle - values[:-2, 2:] - values[2:, :-2],
    }
    light = float(np.sqrt(values.mean() * max(_contrast(np.sort(grey, axis=None)), 1.0)))
    spread = {direction: float(change.std()) / light for direction, change in changes.items()}
    return {
        "across": spread["across"],
        "down": spread["down"],
        "slantwise": min(spread["falling"], spread["rising"]),
    }
