"""Photographs in folders, one sub-folder per person: listing, reading and cropping the face."""

import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from unicodedata import category, normalize

import cv2
import numpy as np
from numpy.typing import NDArray

from face_auth import MAX_PICTURE_PIXELS
from face_auth.camera.opencv import decode_picture, rgb_of
from face_auth.errors import FaceAuthError
from face_auth.files import read_regular
from face_auth.recognition.alignment import ALIGNED_SIZE, FIVE_POINTS, similarity
from face_auth.recognition.detection import Face

HEIC_SUFFIXES: Final = frozenset({".heic", ".heif"})
SUFFIXES: Final = HEIC_SUFFIXES | {
    ".bmp", ".jfif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp",
}  # fmt: skip

CROP_SIDE: Final = 224
CROP_SCALE: Final = 1.4
"""Pixels of a crop per pixel of the network's aligned face; the rest is margin."""
LARGEST_FILE: Final = 512 << 20
"""Bytes of a photograph; 64 megapixels of 16 bits and four channels have as many."""

NO_READER: Final = "HEIC, which needs the package pillow-heif"
_HEIC_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1"})
_SIZE_IS_CHECKED: Final = (b"\xff\xd8\xff", b"\x89PNG", b"RIFF")
"""JPEG, PNG and WebP: OpenCV refuses one with too many pixels before it decodes any."""
_CONTROLS: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Categories of line ends, other controls, and bytes that are not UTF-8 (surrogates)."""

LeftOut = list[tuple[Path, str]]
"""Entries that are no people or photographs, and why."""


class ImageError(FaceAuthError):
    """A photograph cannot be read; the message is the reason in a few words."""


def shown(path: Path) -> str:
    """Return a path on one line of valid UTF-8: what is neither is written as an escape."""
    return "".join(
        each.encode("unicode_escape").decode() if category(each) in _CONTROLS else each
        for each in str(path)
    )


def people_in(folder: Path, left_out: LeftOut | None = None) -> dict[str, list[Path]]:
    """Return the image files of each person by the sub-folder's name, both sorted.

    Names of sub-folders are in NFC, so a name that a Mac wrote in two code points is the same
    person. Hidden entries do not count. A person may have no image.

    Args:
        folder: Holds a sub-folder for each person.
        left_out: Takes each entry that looks like a person or a photograph and is neither.

    Raises:
        OSError: If *folder* is not there or cannot be read.
    """
    left_out = [] if left_out is None else left_out
    people: dict[str, list[Path]] = {}
    for person in sorted(path for path in folder.iterdir() if path.name[0] != "."):
        if person.is_symlink() and not person.exists():
            left_out.append((person, "dead link"))
        elif person.is_dir() and _is_text(person, left_out):
            own = people.setdefault(normalize("NFC", person.name), [])
            own += _photographs_of(person, {path.name for path in own}, left_out)
    return {name: sorted(people[name]) for name in sorted(people)}


def _photographs_of(person: Path, names: set[str], left_out: LeftOut) -> list[Path]:
    """Return the photographs in one folder, without those of *names*."""
    found = []
    try:
        for path in sorted(person.iterdir()):
            if path.suffix.lower() not in SUFFIXES or path.name[0] == ".":
                continue
            if path.name in names:
                left_out.append((path, "another file has the same name"))
            elif path.suffix.lower() in HEIC_SUFFIXES and not _reads_heic():
                left_out.append((path, NO_READER))
            elif path.is_symlink() and not path.exists():
                left_out.append((path, "dead link"))
            elif not path.is_file():
                left_out.append((path, "not a regular file"))
            elif _is_text(path, left_out):
                found.append(path)
    except OSError as error:
        left_out.append((person, f"unreadable folder, {error.strerror}"))
    return found


def _is_text(path: Path, left_out: LeftOut) -> bool:
    try:
        path.name.encode()
    except UnicodeEncodeError:
        left_out.append((path, "name is not UTF-8"))
        return False
    return True


def read_photograph(path: Path) -> NDArray[np.uint8]:
    """Read and decode an image file; see `photograph_bytes` and `decode_photograph`."""
    return decode_photograph(photograph_bytes(path))


def photograph_bytes(path: Path) -> bytes:
    """Return an image file's content, without waiting for a pipe.

    Raises:
        ImageError: If it cannot be read, or is HEIC and this machine has no reader for it.
    """
    try:
        data = read_regular(path, LARGEST_FILE)
    except OSError as error:
        raise ImageError(f"unreadable file, {error.strerror}") from error
    if _is_heic(data) and not _reads_heic():
        raise ImageError(NO_READER)
    return data


def decode_photograph(data: bytes) -> NDArray[np.uint8]:
    """Decode an image file's content.

    A JPEG of more than 67 megapixels (`MAX_PICTURE_PIXELS`) is decoded at half its width and
    height, so up to 268 can be read: phones have up to 200.

    Returns:
        RGB, shape (h, w, 3), values 0 to 255; neither side is above 1920.

    Raises:
        ImageError: If it is damaged, cut off, no image, or has too many pixels.
    """
    image = _decode_heic(data) if _is_heic(data) else decode_picture(data)
    if image is None and _has_too_many_pixels(data):
        image = _halved(data)
    if image is None:
        raise ImageError("damaged image")
    return image


def content_of(image: NDArray[np.uint8]) -> int:
    """Return a number that pictures share only if they are alike to the last bit; never 0."""
    digest = hashlib.sha256(repr(image.shape).encode() + np.ascontiguousarray(image).tobytes())
    return int.from_bytes(digest.digest()[:8], "big") or 1


def aligned_crop(image: NDArray[np.uint8], face: Face) -> NDArray[np.uint8]:
    """Return the face turned upright and scaled, with a margin around it.

    Returns:
        RGB, shape (224, 224, 3); the network's 112 px square is 157 px in its middle.
    """
    margin = (CROP_SIDE / CROP_SCALE - ALIGNED_SIZE) / 2
    matrix = similarity(face.landmarks, (FIVE_POINTS + margin) * CROP_SCALE)
    factor = int(1 / np.hypot(matrix[0, 0], matrix[1, 0]))
    if factor >= 2:  # average first, or the camera's noise is sampled into the crop
        height, width = image.shape[0] // factor, image.shape[1] // factor
        part = image[: height * factor, : width * factor]
        image = np.asarray(
            cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA), np.uint8
        )
        points = (face.landmarks + 0.5) / factor - 0.5
        matrix = similarity(points, (FIVE_POINTS + margin) * CROP_SCALE)
    crop = cv2.warpAffine(image, matrix, (CROP_SIDE, CROP_SIDE), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(crop, np.uint8)


def _has_too_many_pixels(data: bytes) -> bool:
    if not data.startswith(_SIZE_IS_CHECKED):
        return False
    try:
        cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        return "IMAGE_PIXELS" in str(error)
    return False


def _halved(data: bytes) -> NDArray[np.uint8] | None:
    """Decode a JPEG at half its size, which needs a quarter of the pixels; None if damaged."""
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_REDUCED_COLOR_2)
    except cv2.error as error:
        raise ImageError("too many pixels") from error
    return None if image is None else rgb_of(image)


def _is_heic(data: bytes) -> bool:
    return data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS


def _reads_heic() -> bool:
    return find_spec("pillow_heif") is not None


def _decode_heic(data: bytes) -> NDArray[np.uint8] | None:
    """Decode a phone's HEIC, turned upright by its reader; None if damaged."""
    import pillow_heif

    try:
        picture = pillow_heif.open_heif(data)
        width, height = picture.size
        if width * height > MAX_PICTURE_PIXELS:
            raise ImageError("too many pixels")
        return rgb_of(np.asarray(picture), from_bgr=False)
    except (OSError, ValueError, RuntimeError, EOFError, SyntaxError):
        return None
