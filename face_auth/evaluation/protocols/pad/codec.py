"""How a file was compressed: compression smooths what the cues look at."""

import re
from dataclasses import dataclass
from pathlib import Path

import cv2

_X264_QUALITY = re.compile(rb"crf=([0-9]+\.[0-9])")
"""The encoder x264 writes its settings into the stream (ISO/IEC 14496-10, user data)."""
_LARGEST_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Codec:
    """How a file was compressed.

    Attributes:
        name: Four characters of a clip's codec, or a picture's suffix.
        quality: The encoder's constant rate factor as it wrote it, "" where it wrote none.
        bits_per_pixel: Of the file's size, over all its pictures.
    """

    name: str
    quality: str
    bits_per_pixel: float


def codec_of(path: Path, *, clip: bool) -> Codec:
    """Return how *path* was compressed.

    Raises:
        OSError: If it cannot be read.
    """
    bits = 8 * path.stat().st_size
    if not clip:
        image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        if image is None:
            raise OSError(f"{path} is not a readable picture")
        return Codec(path.suffix.lstrip(".").lower(), "", bits / image.size)
    video = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    try:
        four = int(video.get(cv2.CAP_PROP_FOURCC))
        pixels = video.get(cv2.CAP_PROP_FRAME_WIDTH) * video.get(cv2.CAP_PROP_FRAME_HEIGHT)
        count = 0
        while video.grab():
            count += 1
    finally:
        video.release()
    if not count or not pixels:
        raise OSError(f"{path} is not a readable video")
    with path.open("rb") as file:
        said = _X264_QUALITY.search(file.read(_LARGEST_BYTES))
    name = four.to_bytes(4, "little").decode("ascii", "replace").strip("\0 ").lower()
    quality = f"crf {float(said.group(1)):g}" if said else ""
    return Codec(name, quality, bits / (pixels * count))
