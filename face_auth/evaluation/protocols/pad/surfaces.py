"""Simulation of pictures on paper and screens in front of a camera: light, raster and bending."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from face_auth.evaluation.protocols.pad.heads import HEIGHT, WIDTH

Picture = NDArray[np.uint8]

FOCAL: Final = 700.0
"""Of the simulated camera, px."""


@dataclass(frozen=True, slots=True)
class Held:
    """The placement of a flat sheet: degrees about its middle, size, shift in px, and bend.

    *bend* is the angle in degrees that the sheet spans on a cylinder: 0 flat, 180 a half one;
    about the vertical axis where *upright*.
    """

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    scale: float = 1.0
    x: float = 0.0
    y: float = 0.0
    bend: float = 0.0
    upright: bool = True


def printed(picture: Picture, rng: np.random.Generator) -> Picture:
    """Return a photograph as printed: fewer tones, a colour cast, grain, a white edge."""
    low, high = rng.uniform(15, 40), rng.uniform(215, 240)
    cast = rng.uniform(0.92, 1.05, 3)
    tones = low + picture.astype(np.float32) / 255 * (high - low)
    tones = tones * cast + rng.normal(0, 5, picture.shape)
    sheet = np.clip(tones, 0, 255).astype(np.uint8)
    sheet = np.asarray(cv2.GaussianBlur(sheet, (0, 0), rng.uniform(0.6, 1.1)), np.uint8)
    edge = int(rng.uniform(8, 22))
    return np.asarray(
        cv2.copyMakeBorder(sheet, *(edge,) * 4, cv2.BORDER_CONSTANT, value=(238, 236, 232)),
        np.uint8,
    )


def on_screen(picture: Picture, rng: np.random.Generator, t: float = 0.0) -> Picture:
    """Return a picture as shown on a phone: gamma, glow, raster, glare, a dark bezel."""
    gamma = rng.uniform(0.8, 1.0)
    glow = (picture.astype(np.float32) / 255) ** gamma * rng.uniform(225, 255)
    glow *= np.array([rng.uniform(0.9, 1.0), 1.0, rng.uniform(1.0, 1.08)])
    height, width = picture.shape[:2]
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    # The raster of the screen against the camera's: fringes, other in each colour.
    turn, pitch = rng.uniform(-0.5, 0.5), rng.uniform(3.0, 9.0)
    strength = rng.uniform(0.02, 0.09)
    for colour in range(3):
        fringe = np.sin(2 * np.pi * (x * np.cos(turn) + y * np.sin(turn)) / pitch + 2.1 * colour)
        glow[..., colour] *= 1 + strength * fringe
    band = rng.uniform(0.0, 0.05)
    glow *= 1 + band * np.sin(2 * np.pi * (y / rng.uniform(150, 300) + 1.7 * t))[..., None]
    spot_x, spot_y = rng.uniform(0, width), rng.uniform(0, height)
    glare = np.exp(-(((x - spot_x) / 70) ** 2) - ((y - spot_y) / 110) ** 2)
    glow += rng.uniform(10, 60) * glare[..., None]
    screen = np.clip(glow, 0, 255).astype(np.uint8)
    edge = int(rng.uniform(8, 20))
    dark = (int(rng.uniform(5, 35)),) * 3
    return np.asarray(
        cv2.copyMakeBorder(screen, *(edge,) * 4, cv2.BORDER_CONSTANT, value=dark), np.uint8
    )


def hold(sheet: Picture, held: Held, behind: Picture) -> Picture:
    """Return the camera's view of a sheet in front of a background.

    Args:
        sheet: RGB, any size; at scale 1 as large as in the frame.
        held: How.
        behind: RGB, shape (480, 640, 3).
    """
    rows, columns = sheet.shape[:2]
    u, v = np.meshgrid(np.linspace(-0.5, 0.5, 33), np.linspace(-0.5, 0.5, 33))
    px, py, pz = u * columns, v * rows, np.zeros_like(u)
    if held.bend:
        span = np.radians(held.bend)
        along, length = (u, columns) if held.upright else (v, rows)
        radius = length / span
        bent, pz = radius * np.sin(along * span), radius * (np.cos(along * span) - 1)
        px, py = (bent, py) if held.upright else (px, bent)
    yaw, pitch, roll = np.radians([held.yaw, held.pitch, held.roll])
    turn = cv2.Rodrigues(np.array([0, 0, roll]))[0] @ cv2.Rodrigues(np.array([pitch, 0, 0]))[0]
    turn = turn @ cv2.Rodrigues(np.array([0, -yaw, 0]))[0]
    # The camera looks along +z; what stands out towards it has a smaller z.
    points = np.stack([px, py, -pz], axis=-1) @ np.asarray(turn).T
    depth = FOCAL / held.scale + points[..., 2]
    seen_x = points[..., 0] * FOCAL / depth + WIDTH / 2 + held.x
    seen_y = points[..., 1] * FOCAL / depth + HEIGHT / 2 + held.y
    frame = behind.copy()
    corners = np.array([(0, 0), (0, -1), (-1, -1), (-1, 0)])
    if not held.bend:
        target = np.stack([seen_x[tuple(corners.T)], seen_y[tuple(corners.T)]], axis=1).astype(
            np.float32
        )
        source = np.array([(0, 0), (columns, 0), (columns, rows), (0, rows)], np.float32)
        matrix = cv2.getPerspectiveTransform(source, target)
        drawn = cv2.warpPerspective(sheet, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR)
        shape = cv2.warpPerspective(
            np.full((rows, columns), 255, np.uint8), matrix, (WIDTH, HEIGHT)
        )
    else:
        drawn, shape = _strips(sheet, seen_x, seen_y, held.upright)
    seen = shape > 127
    frame[seen] = np.asarray(drawn)[seen]
    return frame


def _strips(
    sheet: Picture, x: NDArray[np.float64], y: NDArray[np.float64], upright: bool
) -> tuple[Picture, NDArray[np.uint8]]:
    """Draw a bent sheet as narrow flat strips along its bend."""
    rows, columns = sheet.shape[:2]
    drawn = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    shape = np.zeros((HEIGHT, WIDTH), np.uint8)
    count = x.shape[0] - 1
    for k in range(count):
        low, high = k / count, (k + 1) / count
        if upright:
            source = np.array([(low, 0), (high, 0), (high, 1), (low, 1)])
            at = [(0, k), (0, k + 1), (count, k + 1), (count, k)]
        else:
            source = np.array([(0, low), (1, low), (1, high), (0, high)])
            at = [(k, 0), (k, count), (k + 1, count), (k + 1, 0)]
        target = np.array([(x[i], y[i]) for i in at], np.float32)
        matrix = cv2.getPerspectiveTransform((source * (columns, rows)).astype(np.float32), target)
        part = np.zeros((HEIGHT, WIDTH), np.uint8)
        cv2.fillConvexPoly(part, np.round(target).astype(np.int32), (255,))
        left, top = np.clip(np.floor(target.min(axis=0)).astype(int), 0, (WIDTH - 1, HEIGHT - 1))
        right, bottom = np.clip(np.ceil(target.max(axis=0)).astype(int) + 1, 1, (WIDTH, HEIGHT))
        if right <= left or bottom <= top:
            continue
        shift = np.array([[1, 0, -left], [0, 1, -top], [0, 0, 1]], float)
        piece = cv2.warpPerspective(sheet, shift @ matrix, (int(right - left), int(bottom - top)))
        here = part[top:bottom, left:right] > 0
        drawn[top:bottom, left:right][here] = np.asarray(piece)[here]
        shape |= part
    return drawn, shape
