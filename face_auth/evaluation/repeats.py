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

    Each that is left out is named. A photograph is compared by its first image, the unaltered one,
    and kept or left out with all its copies: a grey photograph's grey copy is no second photograph.

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
        image, content = images[own[0]], int(contents[own[0]])
        other = first.setdefault((person, content), image)
        if content and other is not image:
            kept[own] = False
            say(
                f"{shown(image.path)}: identical to {shown(other.path)} "
                "(they count as one photograph)"
            )
    return kept
