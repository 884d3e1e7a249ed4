"""Photographs of the demonstration's drawn people, to try the evaluation without a download."""

from pathlib import Path
from typing import Final

import cv2
import numpy as np

from face_auth.camera.demo.face import DemoFace
from face_auth.camera.demo.portrait import FOLDER

PHOTOGRAPHS: Final = 8
"""Photographs drawn of each person; six are needed."""
YAW_DEG: Final = 14.0
PITCH_DEG: Final = 9.0
ROLL_DEG: Final = 7.0
"""Largest turn, nod and lean."""
SCALE: Final = (0.85, 1.2)
GAIN: Final = (0.75, 1.2)
"""Range of the light."""


def draw_people(folder: Path, seed: int) -> dict[str, list[Path]]:
    """Write photographs of every drawn person into *folder*; return them by person.

    Poses and light are drawn at random from *seed*; a drawn person's face does not change.

    Raises:
        OSError, ValueError: If a layer is missing or damaged, or a file cannot be written.
    """
    numbers = sorted(int(each.name) for each in FOLDER.iterdir() if each.name.isdecimal())
    return {f"drawn_{number}": _person(folder, number, seed) for number in numbers}


def _person(folder: Path, number: int, seed: int) -> list[Path]:
    face, rng = DemoFace(number), np.random.default_rng([seed, number])
    own = folder / f"drawn_{number}"
    own.mkdir()
    paths = []
    for index in range(PHOTOGRAPHS):
        picture = face.draw(
            rng.uniform(0, 60),
            yaw=rng.uniform(-YAW_DEG, YAW_DEG),
            pitch=rng.uniform(-PITCH_DEG, PITCH_DEG),
            roll=rng.uniform(-ROLL_DEG, ROLL_DEG),
            scale=rng.uniform(*SCALE),
        )
        lit = np.clip(picture * rng.uniform(*GAIN), 0, 255).astype(np.uint8)
        path = own / f"{index:02d}.png"
        if not cv2.imwrite(str(path), lit[:, :, ::-1]):  # OpenCV's own order of colours
            raise OSError(f"{path} cannot be written")
        paths.append(path)
    return paths
