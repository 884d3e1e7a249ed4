"""Drawn people with known embeddings, and fake models that read them."""

from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np

from face_auth.evaluation.protocols.two_factor import PinRules
from face_auth.recognition.detection import Face

SIDE = 16
RULES = PinRules(shortest=4, allowed=9000, guesses=3)
NO_FACE = 255
"""Red of a picture in which the fake detector finds nothing."""


def write_picture(path: Path, person: int, photograph: int) -> None:
    """Write a picture that says whose it is (red) and which one (green)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = np.zeros((SIDE, SIDE, 3), np.uint8)
    image[:, :] = (7, photograph, person)  # OpenCV's order
    cv2.imwrite(str(path), image)


def embedding_of(face: np.ndarray, spread: float) -> np.ndarray:
    person, photograph = (int(value) for value in face[0, 0, :2])
    own = np.random.default_rng([1, person]).normal(size=512)
    other = np.random.default_rng([2, person, photograph]).normal(size=512)
    row = own + spread * other
    return (row / np.linalg.norm(row)).astype(np.float32)


class FakeModels:
    """A finder and a network that read the drawn pictures, and count what they embed."""

    def __init__(self) -> None:
        self.embedded = 0
        self.spread = 0.5

    def finder(self, folder: Path) -> SimpleNamespace:
        def find(image: np.ndarray) -> Face | None:
            box = (0.0, 0.0, float(SIDE), float(SIDE))
            found = Face(box, np.zeros((5, 2), np.float32), 1.0)
            return None if image[0, 0, 0] == NO_FACE else found

        return SimpleNamespace(find=find)

    def network(self, name: str, folder: Path, **_options: object) -> SimpleNamespace:
        def embed(faces: np.ndarray) -> np.ndarray:
            self.embedded += len(faces) // 2
            return np.stack([embedding_of(face, self.spread) for face in faces])

        return SimpleNamespace(frame_face=lambda image, face: image, embed=embed)


def photographs(folder: Path, people: int, each: int) -> Path:
    for person in range(people):
        for photograph in range(each):
            write_picture(folder / f"p{person:03d}" / f"{photograph:02d}.png", person, photograph)
    return folder
