"""The recogniser: detector, network, cohort and threshold, loaded once for every face check."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from face_auth.errors import ModelError, NoFaceError
from face_auth.gallery import Template
from face_auth.models import MODELS, ModelFiles, Threshold, load_card, load_cohort
from face_auth.process_memory import give_back
from face_auth.recognition.classifier import CustomerSvm, train_customer_svm
from face_auth.recognition.detection import Detector
from face_auth.recognition.embedding import Network, load_network
from face_auth.recognition.occlusion import OcclusionClassifier, load_occlusion_classifier
from face_auth.recognition.quality import Quality, assess

FLOOR = "1e-2"
"""FMR of the threshold that every part of an enrolment's pictures must reach."""


@dataclass(frozen=True, slots=True, eq=False)
class Recogniser:
    """The recognition chain: frame to face, face to embedding, embeddings to template.

    Attributes:
        detector: Finds faces.
        network: Embeds them.
        cohort: Impostor embeddings of the same network, unit rows, shape (m, 512).
        threshold: What a score must reach at a login, and the FMR that it stands for.
        floor: Below this score no part of an enrolment's pictures may lie; see `enrolment`.
        occlusion: Finds covered eyes and mouths; None for the classifiers that come with the
            program.
    """

    detector: Detector
    network: Network
    cohort: NDArray[np.float32]
    threshold: Threshold
    floor: Threshold
    occlusion: OcclusionClassifier | None = None

    @classmethod
    def load(
        cls, network: str = "bundled", security: str = "", folder: Path | ModelFiles = MODELS
    ) -> "Recogniser":
        """Load all models and run them once, so that the first customer does not wait.

        Each file is read once, whatever *folder* is: card, networks and cohort fit together.

        Raises:
            ModelError: If a file is missing, is not the one that the model card names, or does
                not run.
        """
        files = ModelFiles.of(folder)
        card = load_card(network, files)
        loaded = cls(
            Detector(files),
            load_network(network, files),
            load_cohort(card),
            card.threshold(security),
            card.threshold(FLOOR),
            load_occlusion_classifier(files),
        )
        size = loaded.network.size
        try:
            loaded.detector.detect(np.zeros((480, 640, 3), np.uint8))
            loaded.network.embed(np.zeros((1, size, size, 3), np.uint8))
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"The networks in {files.folder} do not run: {error}.") from error
        give_back()
        return loaded

    def assess(self, image: NDArray[np.uint8]) -> Quality:
        """Return the verdict on *image* (RGB, shape (h, w, 3)) and its face, if there is one."""
        return assess(image, self.detector.detect(image), self.occlusion)

    def embed(self, image: NDArray[np.uint8], seen: Quality) -> NDArray[np.float32]:
        """Return the unit embedding, shape (512,), of the face that `assess` found in *image*.

        Raises:
            NoFaceError: If there is none.
        """
        if seen.face is None:
            raise NoFaceError("there is no face to embed")
        framed = self.network.frame_face(image, seen.face, seen.aligned)
        embedding: NDArray[np.float32] = self.network.embed(framed[np.newaxis])[0]
        return embedding

    def train(self, customer_id: str, embeddings: NDArray[np.float32]) -> Template:
        """Return the template of *customer_id* from unit rows, shape (n, 512)."""
        return Template(
            customer_id=customer_id,
            network=self.network.name,
            network_sha256=self.network.sha256,
            embeddings=embeddings,
            svm=train_customer_svm(embeddings, self.cohort),
        )

    def decoy(self) -> Template:
        """Return a template that nobody matches, so that an unknown name costs the same work."""
        direction = np.full(self.cohort.shape[1], self.cohort.shape[1] ** -0.5, np.float32)
        return Template(
            customer_id="",
            network=self.network.name,
            network_sha256=self.network.sha256,
            embeddings=direction[np.newaxis],
            svm=CustomerSvm(direction, bias=-1e6),
        )
