"""Test frames of the benchmarks: 640 x 480 with one large face."""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from face_auth.camera.opencv import decode_picture
from face_auth.recognition.cascade import FRAME_HEIGHT, FRAME_WIDTH
from face_auth.recognition.detection import Detector
from face_auth.recognition.quality import assess
from face_auth.types import Verdict

Picture = NDArray[np.uint8]

SHARED_VARIABLE = "ATM_SHARED"
SEED = 20261123


def photographs_folder(given: Path | None) -> Path | None:
    """Return the folder of real photographs: the *given* one, LFW in ATM_SHARED, or None."""
    if given is not None:
        return given
    shared = os.environ.get(SHARED_VARIABLE)
    lfw = Path(shared) / "data" / "lfw" if shared else None
    return lfw if lfw and lfw.is_dir() else None


def large_faces(folder: Path | None, count: int) -> tuple[list[Picture], str]:
    """Return frames with exactly one large, good face, and a description of them.

    Args:
        folder: Folder of photographs, searched with its sub-folders; None for the drawn face.
        count: How many frames.

    Raises:
        ValueError: If the folder holds too few such photographs.
    """
    if folder is None:
        from face_auth.camera.demo.face import DemoFace

        face = DemoFace(0)
        drawn = [np.ascontiguousarray(face.draw(i / 25)) for i in range(count)]
        return drawn, f"{count} of the drawn demo face (no folder of photographs was given)"
    detector = Detector()
    found: list[Picture] = []
    for frame in enlarged(folder):
        faces = detector.detect(frame)
        if len(faces) == 1 and assess(frame, faces).verdict is Verdict.OK:
            found.append(frame)
        if len(found) == count:
            return found, f"{count} photographs of {folder.name}, enlarged to fill the frame"
    raise ValueError(f"{folder} holds {len(found)} photographs with one large face, not {count}")


def photograph_paths(folder: Path) -> list[Path]:
    """Return the photographs in *folder* and its sub-folders, in a seeded shuffle."""
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in {".jpg", ".jpeg", ".png"})
    random.Random(SEED).shuffle(paths)
    return paths


def enlarged(folder: Path) -> Iterator[Picture]:
    """Yield the photographs in that order, each enlarged to fill 640 x 480."""
    for path in photograph_paths(folder):
        picture = decode_picture(path.read_bytes())
        if picture is not None:
            yield fill_frame(picture)


def fill_frame(picture: Picture) -> Picture:
    """Return the middle of *picture*, as large as fits the shape of the frame, at 640 x 480."""
    height, width = picture.shape[:2]
    scale = max(FRAME_WIDTH / width, FRAME_HEIGHT / height)
    inner_width = min(width, round(FRAME_WIDTH / scale))
    inner_height = min(height, round(FRAME_HEIGHT / scale))
    left, top = (width - inner_width) // 2, (height - inner_height) // 2
    inner = picture[top : top + inner_height, left : left + inner_width]
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    resized = cv2.resize(inner, (FRAME_WIDTH, FRAME_HEIGHT), interpolation=how)
    return np.ascontiguousarray(resized, np.uint8)
