"""Painting of a person as layers (wall, body and head), which the program moves at run time."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from face_auth.camera.demo.portrait import (
    BLINK,
    BODY,
    DEPTH_EVERY,
    DEPTH_LEVELS,
    EYE_COLUMNS,
    EYE_ROWS,
    FINE,
    HEAD,
    WALL_EVERY,
)
from tools.paint_demo_people import features
from tools.paint_demo_people.canvas import Canvas, Floats, light, mirrored, noise, softened
from tools.paint_demo_people.features import EYE_LINE
from tools.paint_demo_people.looks import Looks

EYE_AREA: Final = (-110, -70, 110, 40)
"""Edges of what eyes, brows and glasses are painted in, px around the middle of the face."""


def paint(look: Looks) -> dict[str, NDArray[np.uint8]]:
    """Paint a person; takes about half a second.

    Returns:
        What `face_auth.camera.demo.portrait.read_layer` reads, by the names in LAYERS.
    """
    rng = np.random.default_rng(7)
    back, face, over = Canvas(*HEAD), Canvas(*HEAD), Canvas(*HEAD)
    features.hair_back(back, look, rng)
    mask = _face(face, look, rng)
    hair = features.hair_mask(face, look)
    shadow = np.roll(softened(hair, 6), 14, axis=0) * mask * (1 - hair)
    face.tint(shadow * 0.7, (0.78, 0.68, 0.66))
    features.hair_front(over, look, hair, rng)
    features.glasses(over.window(*EYE_AREA), look)
    eyes, before = face.window(*EYE_AREA), face.window(*EYE_AREA).colour.copy()
    heads = []
    for openness in BLINK:
        eyes.colour[:] = before
        features.eyes(eyes, look, openness)
        heads.append(_stacked(face, over))
    return {
        "wall": _wall(look),
        "back": _seen_behind(heads[0], _stacked(back)),
        "body": _body(look, rng),
        "head": heads[0],
        "eyes": np.concatenate([_eyes(head, heads[0]) for head in heads[1:]]),
        "depth": _depth_levels(softened(_depth(face, look, nose=1.8), 1.5)),
    }


def _seen_behind(head: NDArray[np.uint8], back: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the back hair without the part that the head always covers."""
    covered = cv2.erode((head[..., 3:] == 255).astype(np.uint8), np.ones((5, 5)), borderValue=0)
    return np.asarray(back * (1 - covered)[..., np.newaxis], np.uint8)


def _eyes(head: NDArray[np.uint8], opened: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the colours that a blink changes.

    Raises:
        ValueError: If the head differs elsewhere too from the one with open eyes.
    """
    rest = head.copy()
    rest[EYE_ROWS, EYE_COLUMNS, :3] = opened[EYE_ROWS, EYE_COLUMNS, :3]
    if not np.array_equal(rest, opened):
        raise ValueError("a blink changes more than EYES holds")
    return head[EYE_ROWS, EYE_COLUMNS, :3]


def _depth_levels(depth: Floats) -> NDArray[np.uint8]:
    """Return the depth layer as a grey picture."""
    every = FINE * DEPTH_EVERY
    levels = np.round(depth[::every, ::every] * DEPTH_LEVELS).astype(np.uint8)
    return np.dstack([levels] * 3)


def _face(canvas: Canvas, look: Looks, rng: np.random.Generator) -> Floats:
    """Paint all of the head but eyes, hair and glasses; return the mask of the face."""
    features.ears(canvas, look)
    mask = canvas.shape(_outline(look))
    brightness, gloss = light(_relief(canvas, look), look.lamp)
    # Light that went through skin comes back redder: shadows keep more red than blue.
    shade = np.stack([brightness**power for power in (0.85, 1.05, 1.12)], axis=-1)
    pores = 1 + 0.008 * noise(rng, mask.shape, 1.2, 1.2)
    skin = np.asarray(look.skin, np.float32)
    canvas.paint(mask, skin * shade * pores[..., None] + gloss[..., None] * 24)
    blush = canvas.spots(45, 28, 17, 13) * 0.5 + canvas.spot(0, 24, 9, 7) * 0.3
    canvas.tint(blush * mask, (1.02, 0.87, 0.88))
    features.lines(canvas.window(-110, -110, 110, 100), look)
    lower = canvas.window(-110, 0, 110, 100)
    features.nose(lower, look)
    features.mouth(lower, look)
    features.beard(canvas, look, mask, rng)
    features.brows(canvas.window(*EYE_AREA), look)
    return mask


def _outline(look: Looks) -> NDArray[np.float64]:
    """Return the outline of skull and jaw, points x, y."""
    wide, jaw, chin = look.face_width, look.face_width * look.jaw, look.chin
    skull = [(10, -138), (wide * 0.45, -131), (wide * 0.8, -108), (wide * 0.97, -68)]
    cheek = [(wide, -20), (wide * 0.95, 22), (jaw, chin - 44)]
    return mirrored(
        [*skull, *cheek, (jaw * 0.74, chin - 19), (jaw * 0.42, chin - 4), (8, chin + 0.5)]
    )


def _depth(canvas: Canvas, look: Looks, nose: float = 1.0) -> Floats:
    """Return the depth of each point of the head, px; 0 at its outline and beyond.

    Args:
        canvas: Gives the points.
        look: Whose head it is.
        nose: How much of a nose; 1 looks well in the light, 1.8 moves as noses do.
    """
    radius = (canvas.x / (look.face_width * 1.12)) ** 2 + ((canvas.y + 12) / 134) ** 2
    tip = EYE_LINE + look.nose_length
    bridge = canvas.spot(0, tip - 19, 6.5 * look.nose_size, 15) * 8 * nose
    ball = canvas.spot(0, tip + 1, 9 * look.nose_size, 8) * 14 * nose
    return np.asarray(78 * np.clip(1 - radius, 0, None) ** 0.6 + bridge + ball, np.float32)


def _relief(canvas: Canvas, look: Looks) -> Floats:
    """Return the depth with details for the light only: sockets, cheeks, lips, chin."""
    tip, lips = EYE_LINE + look.nose_length, EYE_LINE + look.mouth_drop
    height = _depth(canvas, look)
    height -= canvas.spots(look.eye_distance, EYE_LINE, 17, 11) * 7
    height += canvas.spots(look.eye_distance, EYE_LINE - look.brow_lift, 20, 7) * 3
    height += canvas.spots(44, 26, 20, 17) * 5
    height += canvas.spots(11 * look.nose_size, tip + 5, 4.5, 4.5) * 5
    height += canvas.spot(0, lips - 5, 15, 4) * 2.5 * look.lips
    height += canvas.spot(0, lips + 8, 13, 5) * 4 * look.lips
    height += canvas.spot(0, look.chin - 13, 17, 11) * 5
    height -= canvas.spot(0, lips + 18, 18, 4) * 2.5
    return softened(height, 1.8)


def _stacked(*canvases: Canvas) -> NDArray[np.uint8]:
    """Return the canvases combined into one layer, to be shown at half its size."""
    colour = np.zeros_like(canvases[0].colour)
    opacity = np.zeros_like(canvases[0].opacity)
    for canvas in canvases:
        through = 1 - canvas.opacity
        colour = colour * through[..., None] + canvas.colour * canvas.opacity[..., None]
        opacity = opacity * through + canvas.opacity
    layer = np.dstack([np.clip(colour, 0, 255), opacity * 255])
    return np.asarray(cv2.GaussianBlur(layer.astype(np.uint8), (0, 0), 0.7), np.uint8)


def _body(look: Looks, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Paint neck, shirt and shoulders."""
    canvas = Canvas(*BODY)
    skin, shirt = np.asarray(look.skin, np.float32), np.asarray(look.shirt, np.float32)
    neck_width = look.face_width * 0.62
    neck = mirrored(
        [
            (8, 50),
            (neck_width * 0.7, 56),
            (neck_width * 0.96, 84),
            (neck_width, 118),
            (neck_width + 24, 150),
            (60, 200),
            (8, 215),
        ]
    )
    shade = np.clip(0.93 - (canvas.x / (neck_width * 2.1)) ** 2 - canvas.x / 900, 0.5, 1)
    canvas.paint(canvas.shape(neck, 0.6), skin * shade[..., None] ** (0.9, 1.05, 1.1))
    canvas.tint(canvas.spot(4, look.chin, 60, 26) * 0.75, (0.66, 0.56, 0.54))
    shoulders = [(neck_width + 8, 132), (neck_width + 40, 148), (150, 172), (205, 214)]
    collar = [(30, 168), (14, 186), (6, 192)]
    mask = canvas.shape(
        mirrored([*collar[::-1], *shoulders, (232, 300), (236, 380), (120, 420), (10, 420)]), 0.7
    )
    folds = noise(rng, (mask.shape[0] // 4, mask.shape[1] // 4), 9, 14)
    folds = np.asarray(cv2.resize(folds, mask.shape[::-1]), np.float32)
    brightness, _ = light(softened(mask, 16) * 60 + folds * 1.6)
    canvas.paint(mask, shirt * brightness[..., None])
    edge = [*((-x, y) for x, y in [(neck_width + 8, 132), *collar]), *collar[::-1]]
    canvas.paint(canvas.line([*edge, (neck_width + 8, 132)], 7, 0.8) * 0.8, shirt * 0.78)
    return _stacked(canvas)


def _wall(look: Looks) -> NDArray[np.uint8]:
    """Paint a softly lit wall."""
    shape = (480 // WALL_EVERY, 640 // WALL_EVERY)
    rows, columns = (np.indices(shape, np.float32) + 0.5) * WALL_EVERY - 0.5
    lamp = np.exp(-0.5 * (((columns - 190) / 330) ** 2 + ((rows - 110) / 300) ** 2))
    tones = (0.8 + 0.24 * lamp)[..., None] * np.asarray(look.wall, np.float32)
    return np.asarray(np.clip(np.round(tones), 0, 255), np.uint8)
