"""Command that paints the demonstration's people, or compares the files with what it paints."""

import argparse
import sys
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from face_auth.camera.demo.portrait import FOLDER, LAYERS, read_layer
from tools.paint_demo_people.looks import PEOPLE, looks
from tools.paint_demo_people.portrait import paint

ROUNDING: Final = 2
"""Levels by which the arithmetic of another processor may change a value of a pixel."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Paint or check all people; returns 1 if a checked file differs from the painting, else 0."""
    parser = argparse.ArgumentParser(prog="python -m tools.paint_demo_people", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, say what differs")
    check = parser.parse_args(arguments).check
    differing = []
    for number, lot in enumerate(PEOPLE):
        layers = paint(looks(lot))
        if check:
            differing += differences(number, layers)
        else:
            save(number, layers)
    for sentence in differing:
        print(sentence)
    return 1 if differing else 0


def save(number: int, layers: dict[str, NDArray[np.uint8]]) -> None:
    """Write a person's layers as lossless files."""
    folder = FOLDER / str(number)
    folder.mkdir(parents=True, exist_ok=True)
    for name in LAYERS:
        picture = Image.fromarray(layers[name])
        picture.save(folder / f"{name}.webp", lossless=True, quality=100, method=6, exact=True)


def differences(number: int, layers: dict[str, NDArray[np.uint8]]) -> list[str]:
    """Return a sentence for each layer of a person whose file differs from the painting.

    Pixels are compared, not bytes, which depend on the version of the WebP library.
    """
    found = []
    for name in LAYERS:
        path, painted = FOLDER / str(number) / f"{name}.webp", layers[name]
        try:
            stored = read_layer(path)
        except (OSError, ValueError) as error:
            found.append(str(error))
            continue
        if stored.shape != painted.shape:
            found.append(f"{path} has the shape {stored.shape}, not {painted.shape}")
            continue
        most = int(np.abs(stored.astype(np.int16) - painted).max())
        if most > ROUNDING:
            found.append(f"{path} differs from what is painted by up to {most} levels")
    return found


if __name__ == "__main__":
    sys.exit(main())
