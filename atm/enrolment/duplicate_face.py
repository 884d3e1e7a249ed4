"""Duplicate check at enrolment: a face close to another customer's needs a second signature.

The same 1:N search runs after a refused login whose PIN was right, to log suspected fraud.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from atm.ports import Faces, FaceSearch, Log
from credentials.store import CredentialStore
from face_auth.gallery import Capture, Gallery, Template
from face_auth.gallery.duplicates import Candidate, FaceIndex, portrait
from face_auth.models import ModelCard
from face_auth.recognition.classifier import Embeddings
from face_auth.types import FaceResult

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class DuplicateQuestion:
    """Pictures of a new customer and of the enrolled customer whose face is close.

    Attributes:
        new_face: The new customer's picture, RGB, shape (h, w, 3), 0 to 255.
        other_face: The enrolled customer's, the same way.
        username: The enrolled customer's.
        customer_id: The enrolled customer's.
    """

    new_face: NDArray[np.uint8]
    other_face: NDArray[np.uint8]
    username: str
    customer_id: str


class DuplicateFaceCheck:
    """Compares a face with all other customers' faces."""

    def __init__(
        self, store: CredentialStore, gallery: Faces, audit: Log, search: FaceSearch
    ) -> None:
        """Use these stores and this search."""
        self._store = store
        self._gallery = gallery
        self._audit = audit
        self._search = search

    def prepare(self) -> None:
        """Prepare the search, so that the first one need not wait."""
        try:
            self._search.prepare()
        except Exception:  # the search that needs it will say so again
            _log.exception("The search through all customers cannot be prepared")

    def question(self, template: Template, captures: list[Capture]) -> DuplicateQuestion | None:
        """Return the customer whom the new *template* is close to, None if there is none.

        Raises:
            GalleryError: If that customer's pictures cannot be read: then nobody can say.
            ModelError: If the model card has no thresholds for the search.
        """
        alike = self._search.closest(template.embeddings, besides=template.customer_id)
        record = None if alike is None else self._store.by_id(alike.customer_id)
        if record is None or record.template_id is None:
            return None
        other = self._gallery.load(record.template_id, record.customer_id)
        pictures = self._gallery.load_captures(record.template_id, record.customer_id)
        return DuplicateQuestion(
            portrait(captures, template.embeddings),
            portrait(pictures, other.embeddings),
            record.username,
            record.customer_id,
        )

    def suspect(self, customer_id: str, face: FaceResult) -> None:
        """Log suspected fraud if a face that came with a right PIN is another customer's."""
        try:
            if face.embedding is None:
                return
            alike = self._search.closest(face.embedding[np.newaxis], besides=customer_id)
            if alike is not None:
                self._audit.append(
                    "suspected fraud", customer=customer_id, face_of=alike.customer_id
                )
        except Exception:  # the answer is given; this may only add to the log
            _log.exception("The fraud search after a refusal failed")


class GallerySearch:
    """1:N search over the gallery of one machine, with all mean embeddings in memory."""

    def __init__(
        self, store: CredentialStore, gallery: Gallery, card: Callable[[], ModelCard]
    ) -> None:
        """Use these stores; *card* returns the model card of the network in use."""
        self._store = store
        self._gallery = gallery
        self._card = card
        self._index: FaceIndex | None = None
        self._preparing = threading.Lock()

    def prepare(self) -> None:
        """Read every customer's embeddings, which takes five seconds for 10,000.

        Raises:
            ModelError: If the model card has no thresholds for the search.
            CredentialError: If the store cannot be read.
        """
        self._current()

    def closest(self, embeddings: Embeddings, *, besides: str | None = None) -> Candidate | None:
        """Return the customer with the closest face; see `FaceIndex.closest`, `prepare`."""
        return self._current().closest(embeddings, besides=besides)

    def _current(self) -> FaceIndex:
        """Return the index, updated to all customers who are enrolled now."""
        with self._preparing:
            index = self._index or FaceIndex.of(self._card())
            templates = {r.customer_id: r.template_id for r in self._store.all() if r.template_id}
            left_out = index.update(self._gallery, templates)
            if left_out:
                _log.warning("%d customers could not be searched", len(left_out))
            self._index = index
            return index
