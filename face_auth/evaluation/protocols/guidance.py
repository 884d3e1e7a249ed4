"""Protocol: guidance on single photographs, and the training of its occlusion classifiers.

It counts how often each verdict occurs on one-face photographs within 20 degrees of yaw, and on
copies of them that were altered at known strength; and by skin tone, with less and less light.
"""

from collections import Counter
from collections.abc import Callable
from functools import partial
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from face_auth.evaluation.faces import portraits
from face_auth.evaluation.frames import exposed
from face_auth.evaluation.material import InputError, Photographs, say
from face_auth.evaluation.overlays import ALLOWED, HIDING
from face_auth.evaluation.protocols.skin_tone import SkinTones, by_skin_tone
from face_auth.evaluation.result import Section, Table, percent
from face_auth.files import write_whole
from face_auth.model_making.card_writing import card_of, digest, write_entry
from face_auth.models import read_card_file
from face_auth.recognition.alignment import align
from face_auth.recognition.detection import Detector, Face
from face_auth.recognition.occlusion import FILE, REGIONS, describe
from face_auth.recognition.occlusion import NAME as CLASSIFIERS
from face_auth.recognition.quality import assess
from face_auth.types import Verdict

Picture = NDArray[np.uint8]
Alter = Callable[[Picture, Face, np.random.Generator], Picture]

NAME: Final = "guidance"
TRAINED_ON: Final = 600
"""Faces for training. The photographs after twice this number are for measuring."""
MEASURED_ON: Final = 400
HIDES: Final = {
    "eyes": ("hand over eyes", "cloth over eyes"),
    "mouth": ("mask", "hand over mouth"),
}
FALSE_ALARMS: Final = 0.007
"""Share of unaltered training photographs that each classifier may call covered."""


def _times(picture: Picture, face: Face, rng: np.random.Generator, factor: float) -> Picture:
    return np.asarray(np.clip(picture * np.float32(factor), 0, 255), np.uint8)


def _darkened(picture: Picture, face: Face, rng: np.random.Generator) -> Picture:
    return exposed(picture, 0.01, rng)


def _veiled(picture: Picture, face: Face, rng: np.random.Generator) -> Picture:
    return np.asarray(picture * 0.4 + 150, np.uint8)


def _backlit(picture: Picture, face: Face, rng: np.random.Generator) -> Picture:
    """Darken the head to 35 % and make all around it white."""
    x, y, width, height = face.box
    mask = np.zeros(picture.shape[:2], np.float32)
    middle = (round(x + width / 2), round(y + height * 0.6))
    cv2.ellipse(mask, middle, (round(width * 0.9), round(height * 1.1)), 0, 0, 360, 1.0, -1)
    soft = np.asarray(cv2.GaussianBlur(mask, (0, 0), 6))[..., np.newaxis]
    return np.asarray(np.clip(picture * 0.35 * soft + 252 * (1 - soft), 0, 255), np.uint8)


def _blurred(picture: Picture, face: Face, rng: np.random.Generator) -> Picture:
    sigma = 5 * face.height / 230
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.uint8)


def _painted(picture: Picture, face: Face, rng: np.random.Generator, what: str) -> Picture:
    return (ALLOWED | HIDING)[what](picture, face.landmarks, rng)


ALTERED: Final[dict[str, tuple[Alter, Verdict]]] = {
    "1 % of the light": (_darkened, Verdict.TOO_DARK),
    "2.5 times as bright": (partial(_times, factor=2.5), Verdict.TOO_BRIGHT),
    "a veil of 150": (_veiled, Verdict.TOO_BRIGHT),
    "backlit, 35 % as bright": (_backlit, Verdict.TOO_BRIGHT),
    "blurred by 2 % of the face": (_blurred, Verdict.BLURRED),
    **{name: (partial(_painted, what=name), Verdict.COVERED) for name in HIDING},
    **{name: (partial(_painted, what=name), Verdict.OK) for name in ALLOWED},
}
"""Each alteration, and the verdict that it should get."""


def guidance(photographs: Photographs, seed: int) -> Section:
    """Measure the verdicts on unaltered and altered photographs.

    Args:
        photographs: Of anybody.
        seed: Of their order; the same one as in training measures on other photographs.

    Raises:
        InputError: If there are too few photographs of one face.
        ModelError: If a model file is missing or another one.
    """
    detector = Detector()
    say(f"guidance on photographs, and under {len(ALTERED)} alterations ...")
    plain: Counter[Verdict] = Counter()
    altered: dict[str, Counter[Verdict]] = {name: Counter() for name in ALTERED}
    found = portraits(photographs, 2 * TRAINED_ON, detector, seed)
    for number, portrait in enumerate(islice(found, MEASURED_ON)):
        frame, face = portrait.frame, portrait.face
        rng = np.random.default_rng([number, 5])
        plain[assess(frame, [face]).verdict] += 1
        for name, (alter, _) in ALTERED.items():
            picture = alter(frame, face, rng)
            altered[name][assess(picture, detector.detect(picture)).verdict] += 1
    if not plain:
        raise InputError(
            f"more than {2 * TRAINED_ON:,} photographs are needed, as so many are for training"
        )
    return _section(plain, altered, by_skin_tone(photographs, 2 * TRAINED_ON, seed))


def train_occlusion(photographs: Photographs, seed: int) -> bytes:
    """Train the classifiers of covered eyes and mouths and return the file's content.

    Raises:
        InputError: If there is no photograph of one face.
        ModelError: If a model file is missing or another one.
    """
    from sklearn.linear_model import LogisticRegression

    detector = Detector()
    say(f"training on {TRAINED_ON} faces and altered copies of them ...")
    faces: list[tuple[str, Picture]] = []
    for number, portrait in enumerate(
        islice(portraits(photographs, 0, detector, seed), TRAINED_ON)
    ):
        frame, face = portrait.frame, portrait.face
        rng = np.random.default_rng([number, 6])
        faces.append(("plain", align(frame, face.landmarks)))
        for name, alter in (ALLOWED | HIDING).items():
            picture = alter(frame, face.landmarks, rng)
            found = detector.detect(picture)
            if found:
                faces.append((name, align(picture, found[0].landmarks)))
    if not faces:
        raise InputError("no photograph shows one face that looks ahead")
    arrays: dict[str, NDArray[np.float32]] = {}
    for region in REGIONS:
        both = [(name, side) for name, one in faces for side in (one, one[:, ::-1])]
        rows = np.stack([describe(np.ascontiguousarray(one), region) for _, one in both])
        hidden = np.array([name in HIDES[region] for name, _ in both])
        plain = np.array([name == "plain" for name, _ in both])
        model = LogisticRegression(C=0.03, max_iter=400).fit(rows, hidden)
        scores = model.decision_function(rows)
        limit = max(float(np.quantile(scores[plain], 1 - FALSE_ALARMS)), -1.0)
        arrays[f"{region}_weights"] = model.coef_[0].astype(np.float32)
        arrays[f"{region}_bias"] = np.array(model.intercept_[0] - limit, np.float32)
    packed = BytesIO()
    np.savez(packed, allow_pickle=False, **arrays)
    return packed.getvalue()


def write_occlusion(folder: Path, content: bytes) -> Path:
    """Write the classifiers into a models folder and their SHA-256 into its card.

    Raises:
        ModelError: If the card cannot be read.
        OSError: If a file cannot be written.
    """
    path, card = folder / FILE, card_of(CLASSIFIERS, folder)
    entry = dict(read_card_file(card).get(CLASSIFIERS, {}))
    write_whole(path, content, mode=0o644)
    write_entry(card, CLASSIFIERS, entry | {"files": {FILE: digest(content)}})
    return path


def _section(
    plain: Counter[Verdict], altered: dict[str, Counter[Verdict]], tones: SkinTones
) -> Section:
    good = percent(plain[Verdict.OK] / plain.total(), 1)
    rows = [("none", Verdict.OK.value, good, _others(plain, Verdict.OK))]
    for name, (_, wanted) in ALTERED.items():
        found = altered[name]
        share = percent(found[wanted] / found.total(), 1)
        rows.append((name, wanted.value, share, _others(found, wanted)))
    return Section(
        name=NAME,
        title="Guidance on single photographs",
        summary=f"{good} of {plain.total()} unaltered photographs are OK.",
        values={
            "photographs": plain.total(),
            "unaltered": _shares(plain),
            "altered": {name: _shares(found) for name, found in altered.items()},
            "skin_tone": tones.values,
        },
        tables=(
            Table(
                f"Verdicts on {plain.total()} photographs",
                ("altered", "expected", "given", "otherwise"),
                rows,
            ),
            *tones.tables,
        ),
    )


def _shares(found: Counter[Verdict]) -> dict[str, float]:
    return {verdict.value: count / found.total() for verdict, count in found.most_common()}


def _others(found: Counter[Verdict], wanted: Verdict) -> str:
    return ", ".join(
        f"{verdict} {percent(share, 1)}"
        for verdict, share in _shares(found).items()
        if verdict != wanted
    )
