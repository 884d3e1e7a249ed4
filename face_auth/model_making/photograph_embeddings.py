"""Embeddings of photographs in a folder with one sub-folder per person."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from face_auth.datasets.grouped_faces import Label, face_in, read_pictures
from face_auth.datasets.photographs import people_in
from face_auth.datasets.subject import SubjectFinder
from face_auth.errors import ModelError
from face_auth.model_making.cohort import People
from face_auth.models import DIMENSIONS, MODELS, Framing
from face_auth.recognition.alignment import align
from face_auth.recognition.embedding import Network

AT_ONCE: Final = 64

Landmarks = Mapping[str, NDArray[np.float32]]


def read_landmarks(path: Path) -> Landmarks:
    """Return five points (5, 2) by "person/file" from an .npz of files, landmarks and found.

    Raises:
        ModelError: If it is missing or damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            found = archive["found"]
            files, points = archive["files"][found], archive["landmarks"][found]
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise ModelError(f"The landmarks {path} cannot be read: {error}") from error
    return {str(file): values for file, values in zip(files, points, strict=True)}


def embed_folder(
    folder: Path,
    network: Network,
    landmarks: Landmarks | None = None,
    say: Callable[[str], None] = print,
) -> People:
    """Return embeddings of every photograph in which a face is found.

    Args:
        folder: Holds a folder of photographs for each person.
        network: Embeds them.
        landmarks: Points known already, for a network framed by five points; photographs without
            are left out. Without any, MTCNN looks for the subject of each photograph.
        say: Gets a line now and then.

    Raises:
        ModelError: If there is no photograph, or the face detector is missing.
    """
    rows: list[NDArray[np.float32]] = []
    names: list[str] = []
    waiting: list[NDArray[np.uint8]] = []
    for person, face in _framed(folder, network, landmarks):
        names.append(person)
        waiting.append(face)
        if len(waiting) == AT_ONCE:
            rows.append(network.embed(np.stack(waiting)))
            waiting = []
            if len(names) % (16 * AT_ONCE) == 0:
                say(f"  {len(names)} faces")
    if waiting:
        rows.append(network.embed(np.stack(waiting)))
    if not names:
        raise ModelError(f"No face was found in {folder}; it needs a folder for each person.")
    return People(np.concatenate(rows).reshape(-1, DIMENSIONS), names)


def embed_grouped(
    folder: Path, network: Network, wanted: Callable[[Label], bool]
) -> tuple[list[Label], NDArray[np.float32]]:
    """Return label and embedding of the labelled faces that are wanted.

    Args:
        folder: Holds the shards and the table of labels.
        network: Embeds the faces.
        wanted: Whether to take a face.

    Raises:
        DatasetError: If shards or labels cannot be read.
    """
    finder = SubjectFinder(MODELS)
    labels: list[Label] = []
    rows: list[NDArray[np.float32]] = []
    wanted_faces = (each for each in read_pictures(folder) if wanted(each[0]))
    while part := list(itertools.islice(wanted_faces, AT_ONCE)):
        labels += [label for label, _ in part]
        framed = [network.frame_face(picture, face_in(picture, finder)) for _, picture in part]
        rows.append(network.embed(np.stack(framed)))
    return labels, np.concatenate(rows).reshape(-1, DIMENSIONS)


def embed_files(
    folder: Path, files: Sequence[str], network: Network, landmarks: Landmarks | None = None
) -> dict[str, NDArray[np.float32]]:
    """Return the embedding (512,) of each of some photographs by its name in *folder*.

    Raises:
        ModelError: If one is missing or shows no face.
    """
    frame = _framer(network, landmarks)
    rows: dict[str, NDArray[np.float32]] = {}
    for start in range(0, len(files), AT_ONCE):
        part = files[start : start + AT_ONCE]
        faces = [frame(folder / name, name) for name in part]
        missing = [name for name, face in zip(part, faces, strict=True) if face is None]
        if missing:
            raise ModelError(f"No face was found in {folder / missing[0]}.")
        embedded = network.embed(np.stack([face for face in faces if face is not None]))
        rows.update(zip(part, embedded, strict=True))
    return rows


def _framed(
    folder: Path, network: Network, landmarks: Landmarks | None
) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    frame = _framer(network, landmarks)
    for person, paths in people_in(folder).items():
        for path in paths:
            face = frame(path, f"{person}/{path.name}")
            if face is not None:
                yield person, face


def _framer(
    network: Network, landmarks: Landmarks | None
) -> Callable[[Path, str], NDArray[np.uint8] | None]:
    """Return a function from a file to its framed face, or None without a face."""
    if landmarks is None:
        finder = SubjectFinder(MODELS)

        def find(path: Path, name: str) -> NDArray[np.uint8] | None:
            image = _read(path)
            face = finder.find(image) if image is not None else None
            return network.frame_face(image, face) if image is not None and face else None

        return find
    if network.card.framing is not Framing.FIVE_POINTS:
        raise ModelError(f"The network {network.name} is not framed by landmarks; leave them out.")

    def place(path: Path, name: str) -> NDArray[np.uint8] | None:
        image = _read(path) if name in landmarks else None
        return align(image, landmarks[name]) if image is not None else None

    return place


def _read(path: Path) -> NDArray[np.uint8] | None:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    return None if picture is None else np.asarray(picture[:, :, ::-1], np.uint8, order="C")
