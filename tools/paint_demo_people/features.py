"""Eyes, brows, nose, mouth, ears, beard, hair and glasses of a drawn person."""

from typing import Final

import cv2
import numpy as np

from face_auth.camera.demo.portrait import FINE
from tools.paint_demo_people.canvas import Canvas, Floats, light, mirrored, noise, softened
from tools.paint_demo_people.looks import Looks

EYE_LINE: Final = -15.0
"""y of the eyes, px below the middle of the face."""


def ears(canvas: Canvas, look: Looks) -> None:
    """Paint both ears, which the face will partly cover."""
    for side in (-1, 1):
        x = side * (look.face_width + 1)
        outline = [(0, -34), (8, -30), (10, -12), (6, 8), (0, 20), (-8, 16), (-8, -28)]
        ear = canvas.shape([(x + side * dx, dy) for dx, dy in outline])
        canvas.paint(ear, np.asarray(look.skin) * (0.9, 0.81, 0.79))
        canvas.tint(canvas.spot(x + side * 2, -10, 4, 12) * ear, (0.84, 0.72, 0.7))


def eyes(canvas: Canvas, look: Looks, openness: float) -> None:
    """Paint eyes and lids, from closed (0) to open (1)."""
    hair = np.asarray(look.hair_colour, np.float32)
    skin = np.asarray(look.skin, np.float32)
    half, up, low = 15.5 * look.eye_size, 8.4 * look.eye_size, 5.0 * look.eye_size
    lid = up * openness - low * 0.7 * (1 - openness)
    for side in (-1, 1):
        x, y, rise = side * look.eye_distance, EYE_LINE, look.eye_slant
        inner, outer = (x - side * half, y + 1.5), (x + side * half, y - rise)
        near, far = x - side * half * 0.55, x + side * half * 0.55
        upper = [(near, y - lid * 0.78), (x, y - lid), (far, y - lid * 0.86 - rise * 0.6)]
        lower = [(far, y + low * 0.75 - rise * 0.4), (x, y + low), (near, y + low * 0.8)]
        canvas.tint(canvas.spot(x, y - 7, 17, 9) * 0.45, (0.9, 0.8, 0.78))
        canvas.tint(canvas.spot(x, y + 10, 14, 4) * 0.3, (0.92, 0.84, 0.84))
        if openness > 0.05:
            white = canvas.shape([inner, *upper, outer, *lower])
            _eyeball(canvas, look, white, x, y)
        crease = [(px, py - 5.5 * (0.3 + 0.7 * openness)) for px, py in upper]
        fold = [(inner[0] + side * 3, y - 5), *crease, (outer[0], outer[1] - 3)]
        canvas.paint(canvas.line(fold, 2.2, 0.8) * 0.4, skin * 0.5)
        lashes = [inner, *upper, (outer[0] + side * 2, outer[1] - 1)]
        canvas.paint(canvas.line(lashes, 3.2, 0.35) * 0.9, 22 + hair * 0.25)
        canvas.paint(canvas.line([outer, *lower, inner], 1.6, 0.5) * 0.4, skin * 0.45)


def _eyeball(canvas: Canvas, look: Looks, white: Floats, x: float, y: float) -> None:
    """Paint white, iris, pupil and the lamp's reflection, inside the mask of the lids' gap."""
    shadow = 1 - 0.3 * np.clip((y - canvas.y) / (8 * look.eye_size) + 0.25, 0, 1)
    canvas.paint(white, np.array([243, 238, 233], np.float32) * shadow[..., None])
    distance = np.hypot(canvas.x - x, canvas.y - (y - 1)) / look.eye_size
    ring = 0.4 * np.clip(distance - 6.8, 0, 2)
    glow = 0.75 + 0.55 * np.clip((canvas.y - y + 7) / 14, 0, 1) - ring
    iris = np.clip((8.6 - distance) * FINE, 0, 1) * white
    canvas.paint(iris, np.asarray(look.eye_colour, np.float32) * glow[..., None])
    canvas.paint(np.clip((3.7 - distance) * FINE, 0, 1) * white, (18, 14, 14))
    lamp = np.hypot(canvas.x - x + 3, canvas.y - y + 4)
    canvas.paint(np.clip((2.4 - lamp) * FINE / 2, 0, 1) * white * 0.92, (255, 253, 248))


def brows(canvas: Canvas, look: Looks) -> None:
    """Paint the eyebrows."""
    half, y = 15.5 * look.eye_size, EYE_LINE - look.brow_lift
    for side in (-1, 1):
        x = side * look.eye_distance
        curve = [
            (x - side * half * 1.1, y + 2.5),
            (x - side * half * 0.2, y - look.brow_arch * 0.7),
            (x + side * half * 0.6, y - look.brow_arch),
            (x + side * half * 1.4, y + 3 - look.eye_slant * 0.5),
        ]
        mask = canvas.line(curve, look.brow_weight, 0.8) * 0.85
        canvas.paint(mask, np.asarray(look.hair_colour) * 0.7)


def nose(canvas: Canvas, look: Looks) -> None:
    """Paint nostrils, wings and the folds beside the nose; its ridge is in the relief."""
    tip, size = EYE_LINE + look.nose_length, look.nose_size
    skin = np.asarray(look.skin, np.float32)
    canvas.tint(canvas.spot(0, tip + 12, 13 * size, 3.5) * 0.6, (0.76, 0.64, 0.62))
    for side in (-1, 1):
        hole = [(4.5, 8.6), (7.5, 6.6), (10, 8.2), (8, 10.2)]
        nostril = canvas.shape([(side * dx * size, tip + dy) for dx, dy in hole], 0.7)
        canvas.paint(nostril * 0.75, skin * (0.36, 0.25, 0.23))
        wing = [(11.5, -2), (15.5, 3.5), (14.5, 8.5), (11, 10.5)]
        edge = canvas.line([(side * dx * size, tip + dy) for dx, dy in wing], 2.6, 0.9)
        canvas.tint(edge * 0.6, (0.72, 0.6, 0.58))


def lines(canvas: Canvas, look: Looks) -> None:
    """Paint the lines of age: forehead, corners and bags of the eyes, beside nose and mouth."""
    tip, deep = EYE_LINE + look.nose_length, (0.78, 0.66, 0.64)
    mouth_y = EYE_LINE + look.mouth_drop
    for side in (-1, 1):
        x = side * look.eye_distance
        fold = [
            (side * 17 * look.nose_size, tip + 7),
            (side * (22 + 4 * look.nose_size), tip + 18),
            (side * (look.mouth_width + 7), mouth_y - 2),
        ]
        canvas.tint(canvas.line(fold, 4.5, 1.8) * (0.25 + 0.75 * look.age), deep)
        bag = [(x - side * 15, EYE_LINE + 9), (x, EYE_LINE + 14.5), (x + side * 14, EYE_LINE + 8)]
        canvas.tint(canvas.line(bag, 3.5, 1.0) * look.age * 0.8, deep)
        jowl = [
            (side * (look.mouth_width + 5), mouth_y + 6),
            (side * (look.mouth_width + 9), mouth_y + 20),
        ]
        canvas.tint(canvas.line(jowl, 4, 1.8) * look.age * 0.7, deep)
        for rise in (-7, 0, 6):
            start = (x + side * (19 * look.eye_size), EYE_LINE - 1 + rise * 0.5)
            crow = [start, (start[0] + side * 9, start[1] + rise)]
            canvas.tint(canvas.line(crow, 2.4, 0.7) * look.age * 0.6, deep)
    for row in range(3):
        y = EYE_LINE - look.brow_lift - 18 - 13 * row
        wave = [
            (-44 + 4 * row, y + 2),
            (-20, y - 2),
            (0, y + 1),
            (22, y - 2),
            (44 - 4 * row, y + 2),
        ]
        canvas.tint(canvas.line(wave, 3.2, 1.0) * look.age * 0.6, deep)


def mouth(canvas: Canvas, look: Looks) -> None:
    """Paint closed lips with a faint smile."""
    wide, full, y = look.mouth_width, look.lips, EYE_LINE + look.mouth_drop
    lip = np.asarray(look.lip_colour, np.float32)
    corner = (wide, y - 4.2)
    seam = [(-wide, y - 4.2), (-wide * 0.5, y + 0.4), (0, y + 0.6), (wide * 0.5, y + 0.4), corner]
    bow = [(1.5, y - 5.2 * full), (5, y - 6.8 * full), (wide * 0.5, y - 4.6 * full - 1.2)]
    top = mirrored([*bow, corner, (wide * 0.5, y + 0.6), (1, y + 0.6)])
    under = [(wide * 0.6, y + 5.2 * full), (wide * 0.2, y + 9.2 * full)]
    bottom = mirrored([(1, y), (wide * 0.5, y + 0.2), corner, *under])
    shade = np.clip(1.04 - 0.022 * np.abs(canvas.y - y - 4), 0.75, 1.1)[..., None]
    canvas.paint(canvas.shape(top, 0.7) * 0.85, lip * 0.9)
    canvas.paint(canvas.shape(bottom, 0.7) * 0.85, lip * 1.08 * shade)
    canvas.tint(canvas.spot(-3, y + 4.5 * full, 9, 1.8 * full), (1.12, 1.14, 1.14))
    canvas.paint(canvas.line(seam, 2.2, 0.5) * 0.7, lip * 0.4)
    canvas.tint(canvas.spots(wide + 1.5, y - 4, 3, 3) * 0.35, (0.75, 0.65, 0.65))


def beard(canvas: Canvas, look: Looks, face: Floats, rng: np.random.Generator) -> None:
    """Paint the beard on chin, cheeks and upper lip, inside the mask of the face."""
    if look.beard == "none":
        return
    y, wide, full, broad = EYE_LINE + look.mouth_drop, look.mouth_width, look.lips, look.face_width
    above = [(1, y - 9 * full - 4), (wide * 0.7, y - 9 * full)]
    moustache = mirrored([*above, (wide + 5, y - 4), (wide * 0.75, y - 5), (1, y - 5.5 * full)])
    mask = canvas.shape(moustache, 1.2)
    if look.beard != "moustache":
        cheek = [(wide + 16, y + 2), (broad * 0.8, y - 26), (broad * 1.06, -24)]
        below = [(broad * 1.15, 60), (broad * 0.7, look.chin + 20), (5, look.chin + 30)]
        whole = canvas.shape(mirrored([*above, *cheek, *below]), 4.0)
        gap = [(1, y - 5.5 * full), (wide * 0.6, y - 5.5 * full), (wide + 3, y - 3)]
        gap += [(wide * 0.6, y + 8 * full), (1, y + 10.5 * full)]
        mask = np.maximum(whole - canvas.shape(mirrored(gap), 1.4), mask)
    grain = 1 + 0.13 * noise(rng, mask.shape, 1.0, 3.0)
    strength = 0.34 if look.beard == "stubble" else 0.9
    colour = np.asarray(look.hair_colour, np.float32) * 0.95 * grain[..., None]
    canvas.paint(np.clip(mask, 0, 1) * face * strength, colour)


def hair_back(canvas: Canvas, look: Looks, rng: np.random.Generator) -> None:
    """Paint the hair behind the face."""
    wide = look.face_width
    outlines = {
        "long": [
            *[(10, -158), (wide * 0.55, -150), (wide + 2, -118), (wide + 20, -60)],
            *[(wide + 24, 10), (wide + 26, 90), (wide + 18, 160), (wide * 0.5, 190), (8, 190)],
        ],
        "curls": [
            *[(10, -168), (wide * 0.6, -162), (wide + 14, -124), (wide + 30, -62)],
            *[(wide + 20, -4), (wide, 16), (10, 16)],
        ],
        "bun": [
            *[(8, -184), (22, -178), (27, -160), (20, -146), (wide * 0.7, -134)],
            *[(wide + 4, -85), (wide + 2, -10), (wide * 0.5, 0)],
        ],
    }
    if look.hair in outlines:
        _strands(canvas, look, canvas.shape(mirrored(outlines[look.hair]), 0.8), rng, 0.78)


def hair_mask(canvas: Canvas, look: Looks) -> Floats:
    """Return the mask of the hair above and beside the forehead."""
    wide = look.face_width
    if look.hair == "bald":
        return np.zeros_like(canvas.opacity)
    side = [(wide - 3, -28), (wide * 0.88, -70), (wide * 0.62, -94), (wide * 0.3, -101), (4, -103)]
    if look.hair in ("crop", "bun"):
        top = [(10, -149), (wide * 0.5, -143), (wide * 0.86, -118), (wide + 4, -78)]
        return canvas.shape(mirrored([*top, (wide + 4, -30), *side]), 0.8)
    if look.hair == "curls":
        top = [(10, -162), (wide * 0.6, -156), (wide + 8, -118), (wide + 18, -62)]
        return canvas.shape(mirrored([*top, (wide + 8, -30), *side]), 0.8)
    # A parting: the hair falls to both sides of it, long hair down to the cheeks.
    if look.hair == "long":
        out = 19
        lock = [(wide + 24, 30), (wide + 27, 100), (wide + 14, 152), (wide - 4, 172)]
        lock += [(wide + 1, 130), (wide - 9, 70), (wide - 7, 10)]
    else:
        out = 5
        lock = [(wide + 5, -32), (wide + 3, -22), (wide - 2, -26)]
    right = [(20, -156), (wide * 0.6, -147), (wide * 0.98, -114), (wide + out, -60), *lock]
    inner = [(wide * 0.86, -66), (wide * 0.4, -98), (-wide * 0.1, -116)]
    inner += [(-wide * 0.4, -118), (-wide * 0.76, -86)]
    left = [(-x, y) for x, y in [*lock[::-1], (wide + out, -60), (wide * 0.98, -114)]]
    return canvas.shape([*right, *inner, *left, (-wide * 0.6, -145), (-30, -154)], 0.8)


def hair_front(canvas: Canvas, look: Looks, mask: Floats, rng: np.random.Generator) -> None:
    """Paint the hair of the mask from `hair_mask`."""
    if look.hair != "bald":
        _strands(canvas, look, mask, rng, 1.0)


def _strands(
    canvas: Canvas, look: Looks, mask: Floats, rng: np.random.Generator, tone: float
) -> None:
    """Fill a mask with strands that run down from the crown, or with curls."""
    if look.hair == "curls":
        strands = noise(rng, mask.shape, 5, 5) * 0.6 + noise(rng, mask.shape, 2, 2) * 0.4
        rough = softened(mask, 4.5) + 0.13 * strands
        near = np.clip(softened(mask, 2.5) * 8, 0, 1)
        mask = np.asarray(np.clip((rough - 0.42) * 6, 0, 1) * near, np.float32)
    else:
        # Noise over direction and distance from the crown, drawn out along the distance.
        crown_x = -30 if look.hair in ("parted", "long") else 0
        angle = np.arctan2(canvas.x - crown_x, canvas.y + 190)
        columns = (angle / np.pi + 1) * 512
        rows = np.minimum(np.hypot(canvas.x - crown_x, canvas.y + 190) / 8, 63)
        drawn = noise(rng, (64, 1025), 1.2, 9)
        strands = np.asarray(cv2.remap(drawn, columns, rows, cv2.INTER_LINEAR), np.float32)
    brightness, gloss = light(softened(mask, 9) * 46)
    band = np.exp(-0.5 * ((canvas.y + 108 - canvas.x * 0.1) / 16) ** 2) * 0.2
    tones = tone * (brightness * 1.05 + 0.09 * strands + band + 0.1 * gloss)
    colour = np.asarray(look.hair_colour, np.float32) * tones[..., None] + band[..., None] * 12
    canvas.paint(mask, colour)


def glasses(canvas: Canvas, look: Looks) -> None:
    """Paint thin frames and faintly shining lenses."""
    if look.glasses == "none":
        return
    x, y, frame = look.eye_distance + 1, EYE_LINE + 2, (52, 44, 48)
    wide, high, power = (23, 21, 2.2) if look.glasses == "round" else (25, 17.5, 4.0)
    for side in (-1, 1):
        reach = (np.abs(canvas.x - side * x) / wide) ** power
        radius = (reach + (np.abs(canvas.y - y) / high) ** power) ** (1 / power)
        rim = np.clip((1.5 - np.abs(radius - 1) * high) * FINE, 0, 1)
        ramp = np.clip((side * x - 4 - canvas.x - canvas.y + y) / 14, 0, 1)
        canvas.paint(softened((radius < 1) * ramp, 1.5) * 0.12, (255, 255, 255))
        canvas.paint(rim, frame)
        hinge = [(side * (x + wide - 1), y - 4), (side * (look.face_width + 3), y - 8)]
        canvas.paint(canvas.line(hinge, 3.2), frame)
    bridge = np.array([(-x + wide - 1, y - 3), (0, y - 6), (x - wide + 1, y - 3)])
    canvas.paint(canvas.line(bridge, 2.8), frame)
