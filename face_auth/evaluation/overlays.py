"""Masks, hands, glasses, hats and side light painted onto photographs of faces."""

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from face_auth.recognition.alignment import FIVE_POINTS, similarity

Picture = NDArray[np.uint8]
Points = NDArray[np.floating]
Colour = tuple[float, float, float]

SKINS: Final = ((236, 200, 178), (206, 158, 128), (150, 104, 80), (96, 66, 52))
FABRICS: Final = ((150, 190, 215), (235, 235, 235), (30, 30, 34), (120, 40, 50), (60, 90, 70))
HATS: Final = ((40, 44, 60), (120, 30, 36), (70, 70, 70), (190, 180, 160))


def _placed(landmarks: Points, shape: NDArray[np.floating]) -> NDArray[np.float64]:
    """Bring points of the aligned face (112 px) onto a photograph."""
    matrix = similarity(FIVE_POINTS, landmarks)
    return np.asarray(np.asarray(shape, float) @ matrix[:, :2].T + matrix[:, 2])


def _painted(
    picture: Picture, outline: NDArray[np.floating], colour: NDArray[np.floating], strength: float
) -> Picture:
    """Lay a colour, or a picture of the same size, over an outline with a soft edge."""
    mask = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(outline).astype(np.int32)], (255,))
    soft = cv2.GaussianBlur(mask, (0, 0), 1.2).astype(np.float32)[..., None] / 255 * strength
    return np.asarray(picture * (1 - soft) + colour * soft + 0.5, np.uint8)


def _shaded(picture: Picture, colour: Colour, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a surface of one colour with soft folds and grain, as large as the picture."""
    height, width = picture.shape[:2]
    folds = cv2.resize(
        rng.normal(1, 0.09, (14, 18)).astype(np.float32),
        (width, height),
        interpolation=cv2.INTER_CUBIC,
    )
    light = float(picture.mean()) / 120
    grain = rng.normal(0, 3, (height, width, 1)).astype(np.float32)
    surface = np.asarray(colour, np.float32) * folds[..., None] * np.clip(light, 0.6, 1.2) + grain
    return np.asarray(np.clip(surface, 0, 255), np.float32)


def _of(colours: tuple[Colour, ...], rng: np.random.Generator) -> Colour:
    return colours[int(rng.integers(len(colours)))]


def mask(picture: Picture, landmarks: Points, rng: np.random.Generator) -> Picture:
    """Cover nose and mouth with a face mask."""
    top = rng.uniform(54, 64)
    shape = np.array([(14, 58), (38, top + 2), (56, top - 6), (74, top + 2), (98, 58), (96, 90)])
    shape = np.vstack([shape, [(80, 112), (56, 119), (32, 112), (16, 90)]])
    surface = _shaded(picture, _of(FABRICS, rng), rng)
    return _painted(picture, _placed(landmarks, shape), surface, 1.0)


def _hand(picture: Picture, landmarks: Points, y: float, rng: np.random.Generator) -> Picture:
    """Lay four fingers across the face, their middle at *y* of the aligned face."""
    skin = np.array(_of(SKINS, rng)) if rng.random() < 0.3 else _skin_of(picture, landmarks)
    result = picture
    slant = rng.uniform(-5, 5)
    for number in range(4):
        middle = y - 13.5 + 9 * number
        left, right = rng.uniform(2, 16), rng.uniform(96, 112)
        tilt = np.array([(left, middle - 5 + slant), (right, middle - 5 - slant)])
        shape = np.vstack([tilt, tilt[::-1] + np.array([0, 9.6])])
        shade = skin * rng.uniform(0.82, 1.04)
        surface = _shaded(picture, tuple(shade * 120 / max(picture.mean(), 1)), rng)
        surface = surface * np.clip(float(picture.mean()) / 120, 0.6, 1.2)
        result = _painted(result, _placed(landmarks, shape), np.clip(surface, 0, 255), 1.0)
    return result


def _skin_of(picture: Picture, landmarks: Points) -> NDArray[np.float64]:
    cheeks = _placed(landmarks, np.array([(40, 62), (72, 62)])).round().astype(int)
    height, width = picture.shape[:2]
    x, y = np.clip(cheeks[:, 0], 0, width - 1), np.clip(cheeks[:, 1], 0, height - 1)
    return np.asarray(picture[y, x].mean(axis=0), float)


def hand_over_mouth(picture: Picture, landmarks: Points, rng: np.random.Generator) -> Picture:
    """Draw a hand in front of the mouth."""
    return _hand(picture, landmarks, rng.uniform(80, 86), rng)


def hand_over_eyes(picture: Picture, landmarks: Points, rng: np.random.Generator) -> Picture:
    """Draw a hand in front of both eyes."""
    return _hand(picture, landmarks, rng.uniform(38, 43), rng)


def cloth_over_eyes(picture: Picture, landmarks: Points, rng: np.random.Generator) -> Picture:
    """Draw a light cloth over both eyes."""
    shape = np.array([(8, 26), (104, 26), (104, 54), (8, 54)], float)
    shape[:, 1] += rng.uniform(-3, 3)
    light: tuple[Colour, ...] = (FABRICS[0], FABRICS[1], FABRICS[3])
    surface = _shaded(picture, _of(light, rng), rng)
    return _painted(picture, _placed(landmarks, shape), surface, 1.0)


def _lenses(landmarks: Points) -> list[NDArray[np.float64]]:
    turn = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    oval = np.stack([15 * np.cos(turn), 11.5 * np.sin(turn)], axis=1)
    return [_placed(landmarks, oval + eye) for eye in ((38.4, 42), (73.4, 42))]


def glasses(picture: Picture, landmarks: Points, rng: np.random.Generator) -> Picture:
    """Draw clear glasses with a dark frame."""
    result = picture.copy()
    unit = float(np.hypot(*(np.asarray(landmarks)[1] - np.asarray(landmarks)[0])))
    thick = max(1, round(unit * 0.05))
    shade = int(rng.uniform(15, 70))
    for lens in _lenses(landmarks):
        cv2.polylines(
            result, [lens.round().astype(np.int32)], True, (shade,) * 3, thick, cv2.LINE_AA
        )
    bridge = _placed(landmarks, np.array([(53.4, 41), (58.4, 41)])).round().astype(np.int32)
    cv2.polylines(result, [bridge], False, (shade,) * 3, thick, cv2.LINE_AA)
    return result


def tinted_glasses(picture: Picture, landmarks: Points, rng: np.random.Generator) -> Picture:
    """Draw tinted glasses whose lenses let a third to a tenth of the light through."""
    result = picture
    dark = np.asarray((22, 20, 20), np.float32)
    for lens in _lenses(landmarks):
        result = _painted(result, lens, dark, rng.uniform(0.67, 0.9))
    return glasses(result, landmarks, rng)


def eye_patch(picture: Picture, landmarks: Points, rng: np.random.Generator) -> Picture:
    """Cover one eye with a dark patch."""
    lens = _lenses(landmarks)[int(rng.integers(2))]
    return _painted(picture, lens, np.asarray((28, 26, 26), np.float32), 1.0)


def hat(picture: Picture, landmarks: Points, rng: np.random.Generator) -> Picture:
    """Draw a hat down to above the brows."""
    rim = rng.uniform(16, 22)
    shape = np.array([(0, rim), (56, rim - 4), (112, rim), (108, -40), (56, -58), (4, -40)])
    surface = _shaded(picture, _of(HATS, rng), rng)
    return _painted(picture, _placed(landmarks, shape), surface, 1.0)


def side_light(picture: Picture, landmarks: Points, rng: np.random.Generator) -> Picture:
    """Reduce one side of the face to 35 % of its light, with a soft edge along the nose."""
    points = np.asarray(landmarks, float)
    across = points[1] - points[0]
    unit = float(np.hypot(*across))
    height, width = picture.shape[:2]
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    side = ((x - points[2, 0]) * across[0] + (y - points[2, 1]) * across[1]) / unit**2
    if rng.random() < 0.5:
        side = -side
    light = 0.35 + 0.65 / (1 + np.exp(-5 * side))
    return np.asarray(picture * light[..., None].astype(np.float32), np.uint8)


Alteration = Callable[[Picture, Points, np.random.Generator], Picture]

ALLOWED: Final[dict[str, Alteration]] = {
    "glasses": glasses,
    "tinted glasses": tinted_glasses,
    "eye patch": eye_patch,
    "hat": hat,
    "side light": side_light,
}
"""What a customer may wear or stand in."""

HIDING: Final[dict[str, Alteration]] = {
    "mask": mask,
    "hand over mouth": hand_over_mouth,
    "hand over eyes": hand_over_eyes,
    "cloth over eyes": cloth_over_eyes,
}
"""What hides eyes or mouth."""
