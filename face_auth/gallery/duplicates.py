"""Duplicate search: a 1:N comparison of a face with all enrolled faces.

The search never grants access; a hit raises a question for staff and an entry in the log. Two faces
are compared by the cosine of their mean embeddings, after whitening by the cohort's covariance:
directions in which everybody differs count less. Of people enrolled twice from one photograph each
that found 52 % where one comparison in 100,000 is a false hit, with the first bundled network; the
plain cosine found 20 %.
"""

import math
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from face_auth.errors import GalleryError, ModelError
from face_auth.gallery import Capture, Gallery
from face_auth.models import ModelCard, load_cohort, read_entry
from face_auth.recognition.classifier import Embeddings

FALSE_HITS: Final = 0.01
"""The share of new faces for which the search may name somebody else, whatever their number."""
SOFTENING: Final = 1e-3
"""Added to each direction's variance before whitening, so that the smallest ones, which 2,000
vectors cannot tell, do not drown the rest. The variances go from 3e-4 to 3e-2."""


class Candidate(NamedTuple):
    """A customer whose enrolled face is close to another one.

    Attributes:
        customer_id: Who.
        similarity: Cosine of the whitened means, -1 to 1.
    """

    customer_id: str
    similarity: float


class Whitening:
    """A linear map of embeddings after which all directions vary alike over the cohort."""

    def __init__(self, cohort: Embeddings) -> None:
        """Learn from impostor embeddings, unit rows, shape (m, 512)."""
        self._middle = cohort.mean(axis=0)
        variances, directions = np.linalg.eigh(np.cov(cohort.T))
        whitening = (directions * (variances + SOFTENING) ** -0.5) @ directions.T
        self._matrix = whitening.astype(np.float32)

    def __call__(self, means: Embeddings) -> Embeddings:
        """Return *means*, shape (n, 512), whitened, as unit rows."""
        rows = (means - self._middle) @ self._matrix
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The thresholds of similarity by the number of customers searched.

    Attributes:
        by_customers: Measured or extrapolated for some numbers of customers, rising.
    """

    by_customers: Mapping[int, float]

    def at(self, customers: int) -> float:
        """Return the threshold at which `FALSE_HITS` of all searches are false hits.

        Straight in the logarithm of the number between those of the table, and beyond its last;
        below its first the first holds.
        """
        known = sorted(self.by_customers.items())
        wanted = math.log10(max(customers, known[0][0]))
        place = next((i for i in range(1, len(known) - 1) if customers <= known[i][0]), -1)
        (low, at_low), (high, at_high) = known[place - 1], known[place]
        share = (wanted - math.log10(low)) / (math.log10(high) - math.log10(low))
        return at_low + share * (at_high - at_low)


def load_thresholds(card: ModelCard) -> Thresholds:
    """Return the thresholds that the model card holds for a network and its cohort.

    Raises:
        ModelError: If there are none, or they were measured with another network or cohort.
    """
    entry = read_entry(card.name, card.files).get("duplicates")
    again = (
        "Measure them: python -m face_auth.models duplicates "
        f"{card.name} --people FOLDER_WITH_ONE_SUBFOLDER_A_PERSON"
    )
    if entry is None:
        raise ModelError(
            f"The model card has no thresholds for the search through all customers. {again}"
        )
    try:
        measured_with = entry["network"], entry["cohort"]
        thresholds = {int(n): _cosine(value) for n, value in entry["thresholds"].items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(
            f"The model card's thresholds for the search are damaged ({error!r}). {again}"
        ) from error
    rising = [thresholds[n] for n in sorted(thresholds)]
    if len(rising) < 2 or min(thresholds) < 1 or rising != sorted(rising):
        raise ModelError(f"The model card's thresholds for the search are not valid. {again}")
    if measured_with != (card.sha256, card.cohort_sha256):
        raise ModelError(
            "The model card's thresholds for the search belong to another network or cohort. "
            f"{again}"
        )
    return Thresholds(thresholds)


class FaceIndex:
    """The mean embedding of every customer, in memory only. Any thread may use it."""

    def __init__(self, network: str, whitening: Whitening, thresholds: Thresholds) -> None:
        """Start empty; *network* is the SHA-256 of the network that made the embeddings."""
        self._network = network
        self._whitening = whitening
        self._thresholds = thresholds
        self._lock = threading.Lock()
        self._owners: list[str] = []
        self._places: dict[str, int] = {}
        self._templates: dict[str, str] = {}
        self._rows = np.empty((16, 512), np.float32)

    @classmethod
    def of(cls, card: ModelCard) -> "FaceIndex":
        """Return an empty index for the embeddings of one network.

        Raises:
            ModelError: If the card lacks cohort or thresholds.
        """
        return cls(card.sha256, Whitening(load_cohort(card)), load_thresholds(card))

    def __len__(self) -> int:
        """Return the number of customers."""
        return len(self._owners)

    def update(self, gallery: Gallery, templates: Mapping[str, str]) -> list[str]:
        """Set the index to exactly these customers; only new templates are read.

        10,000 templates take five seconds the first time, and nothing after. Whoever enrols or
        deletes in another process is found by the next call.

        Args:
            gallery: Where the templates are.
            templates: The template id of each customer, by customer id.

        Returns:
            The customers who are not searched: their template is missing, damaged or of another
            network. They are tried again by the next call.
        """
        with self._lock:
            held = dict(self._templates)
        for customer_id in held.keys() - templates.keys():
            self.remove(customer_id)
        left_out = []
        for customer_id, template_id in templates.items():
            if held.get(customer_id) == template_id:
                continue
            try:
                template = gallery.load(template_id, customer_id)
                if template.network_sha256 != self._network:
                    raise GalleryError(f"template {template_id} was made by another network")
                self.add(customer_id, template_id, template.embeddings)
            except (GalleryError, ValueError):
                self.remove(customer_id)
                left_out.append(customer_id)
        return left_out

    def add(self, customer_id: str, template_id: str, embeddings: Embeddings) -> None:
        """Add a customer, or replace the customer's face.

        Args:
            customer_id: Who.
            template_id: Of their template.
            embeddings: Of the captures, unit rows, shape (n, 512).

        Raises:
            ValueError: If they are no such rows.
        """
        row = self._mean(embeddings)
        with self._lock:
            place = self._places.setdefault(customer_id, len(self._owners))
            if place == len(self._owners):
                self._owners.append(customer_id)
                if place == len(self._rows):
                    self._rows = np.concatenate([self._rows, np.empty_like(self._rows)])
            self._rows[place] = row
            self._templates[customer_id] = template_id

    def remove(self, customer_id: str) -> None:
        """Remove a customer, if the index holds them."""
        with self._lock:
            place = self._places.pop(customer_id, None)
            if place is None:
                return
            del self._templates[customer_id]
            last = self._owners.pop()
            if last != customer_id:
                self._owners[place] = last
                self._places[last] = place
                self._rows[place] = self._rows[len(self._owners)]
            self._rows[len(self._owners)] = 0

    def closest(self, embeddings: Embeddings, *, besides: str | None = None) -> Candidate | None:
        """Return the customer with the closest face, if its similarity reaches the threshold.

        Args:
            embeddings: Of the new captures or of the probe, unit rows, shape (n, 512).
            besides: A customer who is not searched: the one whose face it should be.

        Raises:
            ValueError: If they are no such rows.
        """
        row = self._mean(embeddings)
        with self._lock:
            scores = self._rows[: len(self._owners)] @ row
            own = self._places.get(besides) if besides is not None else None
            if own is not None:
                scores[own] = -np.inf
            if not len(scores):
                return None
            best = int(scores.argmax())
            found = Candidate(self._owners[best], float(scores[best]))
        return found if found.similarity >= self._thresholds.at(len(scores)) else None

    def _mean(self, embeddings: Embeddings) -> NDArray[np.float32]:
        row: NDArray[np.float32] = self._whitening(mean_of(embeddings))[0]
        return row


def mean_of(embeddings: Embeddings) -> Embeddings:
    """Return the mean of unit rows, shape (n, 512), as one unit row, shape (1, 512).

    Raises:
        ValueError: If they are no such rows.
    """
    if embeddings.ndim != 2 or embeddings.shape[1:] != (512,) or not len(embeddings):
        raise ValueError(f"no embeddings of a face: shape {embeddings.shape}")
    mean = embeddings.mean(axis=0, keepdims=True)
    length = float(np.linalg.norm(mean))
    if not length > 0 or not math.isfinite(length):
        raise ValueError("no embeddings of a face: they have no direction")
    row: Embeddings = mean / length
    return row


def portrait(captures: Sequence[Capture], embeddings: Embeddings) -> NDArray[np.uint8]:
    """Return the capture that is most like the others, to show to staff.

    Args:
        captures: Of one person, at least one.
        embeddings: Of each, unit rows, shape (n, 512).

    Returns:
        RGB, shape (h, w, 3), values 0 to 255.
    """
    return captures[int((embeddings @ embeddings.mean(axis=0)).argmax())].image


def _cosine(value: Any) -> float:
    number = float(value)
    if not -1 < number < 1:
        raise ValueError(f"no cosine: {value!r}")
    return number
