"""Tests of the published network itself, where set-up has fetched it."""

import numpy as np

from face_auth.recognition.embedding import load_network


def test_the_network_that_set_up_fetched_runs(
    published_network: str, rng: np.random.Generator
) -> None:
    network = load_network(published_network)
    faces = rng.integers(0, 256, (2, 160, 160, 3), np.uint8)
    embeddings = network.embed(faces)
    assert embeddings.shape == (2, 512)
    assert np.allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-5)
