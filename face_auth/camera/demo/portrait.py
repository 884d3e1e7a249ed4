"""The painted layers of the demonstration's people, read from ``people/``.

Each person is a folder of lossless WebP pictures; ``python -m tools.paint_demo_people`` makes them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

FOLDER: Final = Path(__file__).parent / "people"
LAYERS: Final = ("wall", "back", "body", "head", "eyes", "depth")
"""The pictures of a person, ``NAME.webp`` each. The head's eyes are open; those for the other steps
of BLINK lie below each other in one picture."""

FINE: Final = 2
"""Pixels of a layer for each pixel of the frame."""
HEAD: Final = (-200, -220, 200, 220)
"""Edges of the head layer, px of the frame right of and below the middle of the face."""
EYES: Final = (-64, -38, 64, -4)
"""Edges of what changes with a blink."""
EYE_ROWS: Final = slice((EYES[1] - HEAD[1]) * FINE, (EYES[3] - HEAD[1]) * FINE)
EYE_COLUMNS: Final = slice((EYES[0] - HEAD[0]) * FINE, (EYES[2] - HEAD[0]) * FINE)
"""The same within the head layer."""
BODY: Final = (-320, 40, 320, 340)
"""Edges of the body layer, around the same middle."""
BLINK: Final = (1.0, 0.6, 0.25, 0.0)
"""How far open the eyes are in each picture of them."""
DEPTH_EVERY: Final = 2
"""Pixels of the frame from one value of the depth layer to the next."""
DEPTH_LEVELS: Final = 2
"""Levels of the depth layer for each pixel that a point of the head stands out."""
WALL_EVERY: Final = 4
"""Pixels of the frame for each pixel of the wall layer, which is smooth."""


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """The layers of one person: RGBA, colours multiplied by opacity, at FINE times the scale.

    Attributes:
        head: Shape (880, 800, 4). Its eyes are open until others are laid over them.
        eyes: Its colours inside EYES, for each step of BLINK, shape (68, 256, 3).
        back: The hair that lies behind the neck, same shape as the head; None where there is none.
        depth: How far the head stands out, px of the frame, every DEPTH_EVERY px, shape (220, 200).
        body: Neck and shoulders, shape (600, 1280, 4).
        wall: RGB, shape (480, 640, 3).
    """

    head: NDArray[np.uint8]
    eyes: list[NDArray[np.uint8]]
    back: NDArray[np.uint8] | None
    depth: NDArray[np.float32]
    body: NDArray[np.uint8]
    wall: NDArray[np.uint8]


def read_portrait(number: int) -> Portrait:
    """Return the person with that number.

    Raises:
        OSError: If a layer is missing, or there is no such person.
        ValueError: If a layer is damaged.
    """
    layers = {name: read_layer(FOLDER / str(number) / f"{name}.webp") for name in LAYERS}
    opened = layers["head"][EYE_ROWS, EYE_COLUMNS, :3].copy()
    wall = cv2.resize(layers["wall"], None, fx=WALL_EVERY, fy=WALL_EVERY)
    return Portrait(
        layers["head"],
        [opened, *np.split(layers["eyes"], len(BLINK) - 1)],
        layers["back"] if layers["back"].any() else None,
        np.asarray(layers["depth"][..., 0] / DEPTH_LEVELS, np.float32),
        layers["body"],
        np.asarray(wall, np.uint8),
    )


def read_layer(path: Path) -> NDArray[np.uint8]:
    """Return a layer as it is stored, shape (h, w, 3), or (h, w, 4) with an opacity.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it is damaged.
    """
    try:
        layer = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:  # an empty file
        layer = None
    if layer is None:
        raise ValueError(f"{path} is damaged")
    order = cv2.COLOR_BGRA2RGBA if layer.shape[2] == 4 else cv2.COLOR_BGR2RGB
    return np.asarray(cv2.cvtColor(layer, order), np.uint8)
