"""Makes the pictures in docs/screens from those of a story; see `make docs-screens`.

`python -m tools.docs_screens FROM TO` takes the numbered pictures that `kiosk.story` saved in FROM.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

PICTURES = {
    "home": "home-again",
    "enrolment": "taking-pictures",
    "login": "right-face-arrow",
    "account": "balance",
}
"""The story's picture for each one of the docs."""
COLOURS = 128


def make(told: Path, docs: Path) -> None:
    """Save the pictures of *docs* in few colours; OSError where *told* has not all of them."""
    for name, picture in PICTURES.items():
        found = sorted(told.glob(f"[0-9][0-9]-{picture}.png"))
        if not found:
            raise FileNotFoundError(f"{told} has no picture of {picture}")
        with Image.open(found[0]) as image:
            few = image.convert("RGB").quantize(
                COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=2, dither=Image.Dither.NONE
            )
            few.save(docs / f"{name}.png", optimize=True)


if __name__ == "__main__":
    make(Path(sys.argv[1]), Path(sys.argv[2]))
