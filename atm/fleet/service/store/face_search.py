"""1:N search over all enrolled faces of the shared store, page by page; never grants access."""

import threading
from collections.abc import Callable

import numpy as np

from atm.fleet.service.store.faces import FaceRows
from face_auth.gallery.duplicates import Candidate, Thresholds, Whitening, load_thresholds, mean_of
from face_auth.models import ModelCard, load_cohort
from face_auth.recognition.classifier import Embeddings


class DatabaseSearch:
    """Compares like `face_auth.gallery.duplicates.FaceIndex`, but keeps no face in memory."""

    def __init__(self, faces: FaceRows, card: Callable[[], ModelCard]) -> None:
        """Search *faces*; *card* returns the card of the network that the kiosks run."""
        self._faces = faces
        self._card = card
        self._turn = threading.Lock()
        self._measures: tuple[str, Whitening, Thresholds] | None = None

    def prepare(self) -> None:
        """Read cohort and thresholds.

        Raises:
            ModelError: If the model card lacks them.
        """
        self._prepared()

    def closest(self, embeddings: Embeddings, *, besides: str | None = None) -> Candidate | None:
        """Return the customer with the most similar face, if it may be the same person.

        Args:
            embeddings: Of new captures or of a probe, unit rows, shape (n, 512).
            besides: A customer who is left out: the one whose face it should be.

        Raises:
            ValueError: If *embeddings* are not such rows.
            GalleryError: If a stored face was altered; then the search has no result.
            ModelError: As `prepare`.
        """
        network, whitening, thresholds = self._prepared()
        wanted = whitening(mean_of(embeddings))[0]
        best, searched = Candidate("", -np.inf), 0
        for owners, means in self._faces.means(network):
            searched += len(owners)
            scores = whitening(means) @ wanted
            if besides in owners:
                scores[owners.index(besides)] = -np.inf
            place = int(scores.argmax())
            best = max(
                best, Candidate(owners[place], float(scores[place])), key=lambda a: a.similarity
            )
        return best if searched and best.similarity >= thresholds.at(searched) else None

    def _prepared(self) -> tuple[str, Whitening, Thresholds]:
        with self._turn:
            if self._measures is None:
                card = self._card()
                whitening = Whitening(load_cohort(card))
                self._measures = card.sha256, whitening, load_thresholds(card)
            return self._measures
