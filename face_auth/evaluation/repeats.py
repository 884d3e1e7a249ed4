"""Identical pictures of one person: one photograph under several names is one photograph."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from face_auth.datasets.photographs import shown
from face_auth.evaluation.material import Image, say


def first_of_each(
    images: Sequence[Image],
    contents: NDArray[np.uint64],
    known: Iterable[tuple[Image, int]] = (),
) -> NDArray[np.bool_]:
    """Return which images are kept: all but those of a photograph that the person has already.

    Each that is left out is named. A photograph is compared by its unaltered image and kept or
    left out with all its copies: the grey copy of a grey photograph is no second photograph.

    Args:
        images: In order; the first of identical ones is kept.
        contents: Of their pictures, 0 where it is not known; shape (n,).
        known: Images that count before these, and their contents.

    Returns:
        Shape (n,).
    """
    photographs: dict[tuple[str, str], list[int]] = {}
    for index, image in enumerate(images):
        photographs.setdefault((image.person, image.photograph), []).append(index)
    first = {(image.person, content): image for image, content in known}
    kept = np.ones(len(images), bool)
    for (person, _), own in photographs.items():
        plain = min(own, key=lambda index: images[index].alteration != "plain")
        content = int(contents[plain])
        other = first.setdefault((person, content), images[plain])
        if content and other is not images[plain]:
            kept[own] = False
            say(
                f"{shown(images[plain].path)}: identical to {shown(other.path)} "
                "(they count as one photograph)"
            )
    return kept
