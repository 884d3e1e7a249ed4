"""Blends of two people's faces: additional training faces for distillation from a teacher.

"Knowledge distillation: a good teacher is patient and consistent" (Beyer et al., 2022) teaches on
mixtures of two pictures. Aligned faces lie on each other, so their mixtures are nearly faces.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from face_auth.training.shards import UNNAMED, Faces, Picture, TrainingError

SHARES: Final = (0.3, 0.7)
"""How much of the first face a blend has, at least and at most."""


def blends(faces: Faces, count: int, seed: int) -> Iterator[tuple[str, Picture, str]]:
    """Yield blends of two people's faces, in the form that `write_shards` takes.

    Args:
        faces: To blend; one person's are not blended with each other, unnamed ones always may be.
        count: How many to make.
        seed: The same seed and faces give the same blends.

    Raises:
        TrainingError: If there are not two people.
    """
    people = np.array(faces.people)
    named = people != UNNAMED
    if len(people) < 2 or (named.all() and len(set(people)) < 2):
        raise TrainingError("Blends need faces of two people.")
    rng = np.random.default_rng(seed)
    digits = len(str(count))
    made = 0
    while made < count:
        first, second = rng.integers(0, len(people), 2)
        if first == second or (named[first] and people[first] == people[second]):
            continue
        share = rng.uniform(*SHARES)
        both = share * faces.pictures[first] + (1 - share) * faces.pictures[second]
        yield f"{UNNAMED}/{made:0{digits}d}", np.rint(both).astype(np.uint8), ""
        made += 1
