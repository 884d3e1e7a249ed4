"""Tar shards of training faces: ``<collection>/<person>/<picture>.webp`` of 137 px.

The network sees the middle 112 px; the 12.5 px around them leave room to rotate, scale and
shift. Shards are small enough to carry one by one to a machine that trains.
"""

import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from face_auth.camera.opencv import decode_picture
from face_auth.errors import FaceAuthError
from face_auth.files import write_whole

SIDE: Final = 137
MARGIN: Final = 12.5
LARGEST_SHARD: Final = 29_000_000
"""Bytes."""
QUALITY: Final = 90
"""Of the WebP files."""
UNNAMED: Final = "unnamed"
"""The folder of faces whose people nobody knows."""
SUFFIX: Final = ".webp"
WORKERS: Final = 2
AT_ONCE: Final = 512

Picture = NDArray[np.uint8]


class TrainingError(FaceAuthError):
    """The training cannot proceed as requested; the message says why."""


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """Aligned faces with their names.

    Attributes:
        names: ``<collection>/<person>/<picture>`` of each, n of them, each once.
        pictures: RGB, shape (n, 137, 137, 3).
        photographs: Digest of the photograph each was cut from; "" where that was not recorded.
        broken: What was listed in the shards and could not be read, with the reason.
    """

    names: tuple[str, ...]
    pictures: Picture
    photographs: tuple[str, ...]
    broken: tuple[str, ...]

    @property
    def people(self) -> list[str]:
        """The person of each face; "unnamed" if unknown."""
        return [name.split("/")[1] for name in self.names]

    def digests(self) -> list[str]:
        """Return a digest of each face's pixels."""
        return [digest(picture) for picture in self.pictures]

    def take(self, indices: Sequence[int]) -> "Faces":
        """Return a selection of the faces."""
        return Faces(
            tuple(self.names[index] for index in indices),
            self.pictures[np.asarray(indices, np.int64)],
            tuple(self.photographs[index] for index in indices),
            self.broken,
        )


def digest(picture: Picture) -> str:
    """Return the SHA-256 of a picture's pixels and shape, hexadecimal."""
    head = f"{picture.shape} ".encode()
    return hashlib.sha256(head + np.ascontiguousarray(picture).tobytes()).hexdigest()


def read_shards(places: Iterable[Path]) -> Faces:
    """Return all faces of some shards; broken pictures are left out and listed.

    Args:
        places: Shards, or folders of them.

    Raises:
        TrainingError: If there is no shard, one is no tar file, or two faces have one name.
    """
    shards: list[Path] = []
    for place in places:
        found = sorted(place.glob("*.tar")) if place.is_dir() else [place]
        if not found:
            raise TrainingError(
                f"{place} holds no shard. Make some: python -m face_auth.training prepare FOLDER"
            )
        shards += found
    names: list[str] = []
    pictures: list[Picture] = []
    broken: list[str] = []
    recorded: dict[str, str] = {}
    for folder in sorted({shard.parent for shard in shards}):
        recorded |= _records(folder)
    with ThreadPoolExecutor(WORKERS) as pool:
        for shard in shards:
            for part in _parts(shard):
                decoded = pool.map(_decode, [data for _, data in part])
                for (name, _), picture in zip(part, decoded, strict=True):
                    if picture is None:
                        broken.append(f"{name} in {shard.name}: no picture of {SIDE} px")
                    else:
                        names.append(name)
                        pictures.append(picture)
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise TrainingError(f"The face {twice} is there twice; name each shard once.")
    stacked = np.stack(pictures) if pictures else np.empty((0, SIDE, SIDE, 3), np.uint8)
    photographs = tuple(recorded.get(name, "") for name in names)
    return Faces(tuple(names), stacked, photographs, tuple(broken))


def write_shards(
    folder: Path, collection: str, faces: Iterable[tuple[str, Picture, str]]
) -> list[Path]:
    """Write shards of one collection, and beside them the photograph's digest of each face.

    Args:
        folder: Made if it is not there; shards of this collection that it holds are replaced.
        collection: Begins every face's name and every shard's.
        faces: ``<person>/<picture>``, the face, the photograph's digest.

    Raises:
        OSError: If a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(f"{collection}-[0-9][0-9].tar"):
        old.unlink()
    written: list[Path] = []
    photographs: dict[str, str] = {}
    buffer = io.BytesIO()
    shard = tarfile.open(fileobj=buffer, mode="w")  # noqa: SIM115

    def finish() -> None:
        shard.close()
        path = folder / f"{collection}-{len(written):02d}.tar"
        write_whole(path, buffer.getvalue(), mode=0o644)
        written.append(path)

    for name, picture, photograph in faces:
        data = _encode(picture)
        if buffer.tell() + len(data) + 2048 > LARGEST_SHARD:
            finish()
            buffer = io.BytesIO()
            shard = tarfile.open(fileobj=buffer, mode="w")  # noqa: SIM115
        member = tarfile.TarInfo(f"{collection}/{name}{SUFFIX}")
        member.size = len(data)
        shard.addfile(member, io.BytesIO(data))
        photographs[f"{collection}/{name}"] = photograph
    finish()
    content = json.dumps(photographs, indent=0, ensure_ascii=False)
    write_whole(folder / f"{collection}.photographs.json", content.encode(), mode=0o644)
    return written


def _parts(shard: Path) -> Iterator[list[tuple[str, bytes]]]:
    part: list[tuple[str, bytes]] = []
    try:
        with tarfile.open(shard) as archive:
            for member in archive:
                file = archive.extractfile(member)
                name = member.name.removesuffix(SUFFIX)
                if file is None or name.count("/") != 2:
                    continue
                part.append((name, file.read()))
                if len(part) == AT_ONCE:
                    yield part
                    part = []
    except (OSError, tarfile.TarError) as error:
        raise TrainingError(f"The shard {shard} cannot be read: {error}") from error
    yield part


def _records(folder: Path) -> dict[str, str]:
    records: dict[str, str] = {}
    for path in sorted(folder.glob("*.photographs.json")):
        try:
            records |= json.loads(path.read_text("utf-8"))
        except (OSError, ValueError, TypeError) as error:
            raise TrainingError(f"{path} cannot be read ({error}); prepare it again.") from error
    return records


def _decode(data: bytes) -> Picture | None:
    picture = decode_picture(data)
    return picture if picture is not None and picture.shape == (SIDE, SIDE, 3) else None


def _encode(picture: Picture) -> bytes:
    # OpenCV writes from its own order of colours.
    good, data = cv2.imencode(SUFFIX, picture[:, :, ::-1], (cv2.IMWRITE_WEBP_QUALITY, QUALITY))
    if not good:
        raise OSError("a face could not be encoded")
    return data.tobytes()
