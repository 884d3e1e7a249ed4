"""Model selection: the kiosk's protocol on the choosing half of the unseen people."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import torch
from torch.nn import functional

from face_auth.errors import ModelError
from face_auth.evaluation.protocols.all_pairs import compare_all
from face_auth.model_making.cohort import SIZE, People, blends
from face_auth.model_making.trial import run_trial
from face_auth.training.augment import middle
from face_auth.training.inception import InceptionResNetV1
from face_auth.training.people import Half, half_of, one_each
from face_auth.training.shards import Faces, TrainingError
from face_auth.training.teacher import PartialWhitening, Rows, rows_of

AT_ONCE: Final = 128
DRAWS: Final = 2
SOURCES: Final = 1000
"""People whom the cohort is blended of."""


class Chooser:
    """The measurement of networks in training; it has no state between two of them."""

    def __init__(self, unseen: Faces, training: Faces, device: str, precision: str) -> None:
        """Select the faces of the choosing half, and one face each of people who are trained on.

        Raises:
            TrainingError: If the choosing half holds no two people.
        """
        people = unseen.people
        chosen = [i for i, person in enumerate(people) if half_of(person) is Half.CHOOSING]
        self._unseen = unseen.take(chosen)
        if len(set(self._unseen.people)) < 2:
            raise TrainingError("Of the unseen people fewer than two are in the choosing half.")
        known = one_each(training)
        self._known = known.take(list(range(min(SOURCES, len(known.names)))))
        self._device, self._precision = torch.device(device), precision

    def __call__(self, network: InceptionResNetV1) -> Mapping[str, float]:
        """Return true accept rates, and as "score" the value that decides between networks."""
        return self._figures(self.embed(network, self._unseen), self.embed(network, self._known))

    def teacher(self, vectors: Mapping[str, Rows]) -> Mapping[str, float] | None:
        """Return the same for a teacher's partly whitened vectors; None if one is missing."""
        rows, known = rows_of((*self._unseen.names, *self._known.names), vectors)
        if not known.all():
            return None
        count, unseen = len(self._unseen.names), set(self._unseen.names)
        others = [row for name, row in vectors.items() if name not in unseen]
        whiten = PartialWhitening.of(np.stack(others))
        return self._figures(whiten(rows[:count]), whiten(rows[count:]))

    def _figures(self, rows: Rows, sources: Rows) -> Mapping[str, float]:
        names = self._unseen.people
        person = np.unique(names, return_inverse=True)[1]
        pairs = compare_all(rows, person)
        figures: dict[str, float] = {}
        for rate in (1e-3, 1e-4):
            figures[f"pairs {rate:g}"] = pairs.tar(rate) if len(pairs.genuine) else 0.0
        try:
            cohort = blends(People(sources, self._known.people), SIZE)
            shares = run_trial(People(rows, names), cohort, DRAWS).true_accept_rates()
        except (ModelError, ValueError):  # too few people: a trial run
            shares = dict[str, float]()
        figures |= {f"kiosk {rate}": share for rate, share in shares.items()}
        deciding = [shares[rate] for rate in ("1e-3", "1e-4") if rate in shares]
        score = sum(deciding) / len(deciding) if deciding else figures["pairs 0.001"]
        return {"score": score} | figures

    def embed(self, network: InceptionResNetV1, faces: Faces) -> Rows:
        """Return the mean embedding of each picture and its mirror image, unit rows."""
        network.eval()
        rows = []
        mixed = self._precision == "bfloat16"
        with torch.no_grad(), torch.autocast(self._device.type, torch.bfloat16, enabled=mixed):
            for start in range(0, len(faces.names), AT_ONCE):
                part = torch.from_numpy(faces.pictures[start : start + AT_ONCE])
                values = middle(part.to(self._device))
                values = values.contiguous(memory_format=torch.channels_last)
                rows.append(network(values) + network(values.flip(3)))
        together: Rows = functional.normalize(torch.cat(rows).float()).cpu().numpy()
        return together


def as_text(figures: Mapping[str, float]) -> str:
    """Return true accept rates as text, in per cent."""
    return ", ".join(
        f"{name} {100 * share:.1f} %" for name, share in figures.items() if name != "score"
    )
