"""The shared state of all protocols: network, data and the kiosk's attempts, each computed once."""

import inspect
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from face_auth.datasets.photographs import shown
from face_auth.evaluation import trials
from face_auth.evaluation.bootstrap import Attempts, Bootstrap
from face_auth.evaluation.cache import digest
from face_auth.evaluation.features import Extractor, Features
from face_auth.evaluation.labelled import embed_labelled
from face_auth.evaluation.material import Image, InputError, Material, say
from face_auth.evaluation.repeats import first_of_each
from face_auth.evaluation.trials import Scorer, TrialPeople
from face_auth.models import load_cohort
from face_auth.recognition.classifier import (
    IdentificationSvm,
    train_customer_svm,
    train_identification_svm,
)
from face_auth.recognition.embedding import load_network


class Context:
    """The evaluation of one network on one set of data."""

    def __init__(
        self, extractor: Extractor, material: Material, seed: int, strangers: Path | None = None
    ) -> None:
        """Prepare the evaluation; nothing is computed yet.

        Args:
            extractor: Embeds photographs with the network that is measured.
            material: The photographs.
            seed: Of every random choice.
            strangers: Labelled faces, whose adults are further strangers.
        """
        self._strangers = strangers
        self.further_strangers: frozenset[str] = frozenset()
        self.extractor = extractor
        self.material = material
        self.seed = seed

    @cached_property
    def cohort(self) -> NDArray[np.float32]:
        """The network's impostor cohort, unit rows."""
        return load_cohort(self.extractor.card)

    @cached_property
    def photographs(self) -> tuple[Sequence[tuple[str, Path]], Features]:
        """Person and file of every photograph of unseen people, and its embedding.

        Identical photographs of one person are one.
        """
        files = trials.files_of_unseen(self.material.photographs)
        features = self.extractor.extract([path for _, path in files])
        own = [Image(person, path, str(path), "plain") for person, path in files]
        kept = np.flatnonzero(first_of_each(own, features.contents))
        files, features = [files[index] for index in kept.tolist()], features.take(kept)
        if self._strangers is None:
            return files, features
        network = load_network(self.extractor.card.name)
        labels, rows, _ = embed_labelled(self.extractor.cache, self._strangers, network)
        adult = np.array([label.adult for label in labels])
        more = [(each.name, Path(each.name)) for each in labels if each.adult]
        self.further_strangers = frozenset(name for name, _ in more)
        return [*files, *more], features.joined(rows[adult])

    @cached_property
    def _pool(self) -> tuple[TrialPeople, Features]:
        return trials.arrange(*self.photographs, self.seed)

    @property
    def people(self) -> TrialPeople:
        """Customers and strangers for verification."""
        return self._pool[0]

    @property
    def features(self) -> Features:
        """The features of the photographs of `people`."""
        return self._pool[1]

    @cached_property
    def svm_scorer(self) -> Scorer:
        """The kiosk's scoring method."""
        code = inspect.getsource(train_customer_svm)
        return trials.by_svm(self.cohort, self.extractor.cache, code)

    @cached_property
    def kiosk_draws(self) -> Sequence[Attempts]:
        """The attempts of each draw, with one photograph each and the kiosk's scores."""
        rows = self.features.embeddings()
        return trials.run(self.people, self.svm_scorer, rows, rows)

    @cached_property
    def kiosk_attempts(self) -> Attempts:
        """The attempts of all draws."""
        return Attempts.together(self.kiosk_draws)

    @cached_property
    def kiosk_bootstrap(self) -> Bootstrap:
        """The bootstrap of those attempts over people."""
        return Bootstrap(self.kiosk_attempts, self.seed)

    @cached_property
    def train(self) -> tuple[list[Image], Features]:
        """The training images that can be used; the others are reported."""
        images = [image for own in self.material.train.values() for image in own]
        features = self.extractor.extract([image.path for image in images], what="training images")
        report(images, features, "skipped in training")
        usable = np.flatnonzero(features.found & first_of_each(images, features.contents))
        return [images[index] for index in usable.tolist()], features.take(usable)

    @cached_property
    def test(self) -> tuple[list[Image], Features]:
        """All test images; those without a face stay, as errors.

        An image that is identical to one for training tells nothing and is left out.

        Raises:
            InputError: If none is left.
        """
        images = [image for own in self.material.test.values() for image in own]
        features = self.extractor.extract([image.path for image in images], what="test images")
        report(images, features, "an error in testing")
        trained = zip(self.train[0], self.train[1].contents.tolist(), strict=True)
        kept = np.flatnonzero(first_of_each(images, features.contents, trained))
        if not len(kept):
            raise InputError("Every test image is a training image of the same person too.")
        return [images[index] for index in kept.tolist()], features.take(kept)

    def identification_svm(
        self, embeddings: NDArray[np.float32], people: Sequence[str]
    ) -> IdentificationSvm:
        """Train the multi-class SVM, or take it from the cache."""

        def train() -> dict[str, NDArray[np.generic]]:
            say(f"training the SVM of {len(set(people))} people on {len(people):,} images ...")
            svm = train_identification_svm(embeddings, people)
            return {"people": np.array(svm.people), "weights": svm.weights, "biases": svm.biases}

        code = inspect.getsource(train_identification_svm)
        key = digest("identification svm", code, embeddings, np.array(people))
        stored = self.extractor.cache.arrays(key, train)
        return IdentificationSvm(
            tuple(str(name) for name in stored["people"]),
            np.asarray(stored["weights"], np.float32),
            np.asarray(stored["biases"], np.float32),
        )


def report(images: Sequence[Image], features: Features, consequence: str) -> None:
    """Report every image that has no face or cannot be read."""
    for index in np.flatnonzero(~features.found).tolist():
        say(f"{shown(images[index].path)}: {features.reasons[index]} ({consequence})")
