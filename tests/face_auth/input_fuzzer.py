"""A fuzzer of the camera's sources with damaged pictures and videos, in its own process.

``python -m tests.face_auth.input_fuzzer pictures|videos COUNT SEED [PHOTOGRAPHS]`` mutates real
files COUNT times and reads each through the source that a kiosk would use; ``bombs`` reads files
that claim, or are, too much. It ends with a line of JSON on what became of them; whatever else
than a picture, "damaged" or SourceError comes out ends it with a traceback. A crash or a hang of
native code is for whoever started it to see.
"""

import json
import re
import struct
import sys
import tempfile
import zlib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import face_auth  # noqa: F401 - before cv2, as its limits are read once
from face_auth.camera.opencv import MAX_SIDE, prepare_opencv
from face_auth.camera.playback import PictureFolder, VideoFile
from face_auth.camera.sources import Source, SourceError

prepare_opencv()

import cv2  # noqa: E402
import numpy as np  # noqa: E402

FRAMES = 8
SIZES = (0, 1, 2, 16, 255, 4096, 8192, 16_000, 30_000, 60_000, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF)


def png(side: int) -> bytes:
    """A whole, valid black PNG of so many pixels on a side: a few KB, huge once decoded."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    packer = zlib.compressobj(1)
    rows = b"".join(packer.compress(bytes(side + 1)) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", header),
            chunk(b"IDAT", rows),
            chunk(b"IEND", b""),
        ]
    )


def avi(frames: list[bytes], codec: bytes, width: int, height: int) -> bytes:
    """An AVI of one video stream whose header claims *width* x *height*."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)

    main = struct.pack("<14I", 40_000, 0, 0, 0x10, len(frames), 0, 1, 0, width, height, 0, 0, 0, 0)
    stream = b"vids" + codec + struct.pack("<10I", 0, 0, 0, 1, 25, 0, len(frames), 0, 0, 0)
    stream += struct.pack("<4H", 0, 0, width & 0xFFFF, height & 0xFFFF)
    picture = struct.pack("<IiiHH", 40, width, height, 1, 24) + codec + bytes(20)
    strl = chunk(b"LIST", b"strl" + chunk(b"strh", stream) + chunk(b"strf", picture))
    headers = chunk(b"LIST", b"hdrl" + chunk(b"avih", main) + strl)
    movie = chunk(b"LIST", b"movi" + b"".join(chunk(b"00dc", frame) for frame in frames))
    return chunk(b"RIFF", b"AVI " + headers + movie)


def picture_seeds(photographs: Path | None) -> list[tuple[str, bytes]]:
    """Small pictures in each format and depth, and some real photographs."""
    rng = np.random.default_rng(1)
    drawn = cv2.GaussianBlur(rng.integers(0, 256, (40, 56, 3), np.uint8), (5, 5), 0)
    alpha = np.dstack([drawn, drawn[..., :1]])
    given = {
        ".jpg": [drawn, drawn[..., 0]],
        ".png": [drawn, drawn[..., 0], alpha, drawn.astype(np.uint16) << 8],
        ".webp": [drawn, alpha],
        ".bmp": [drawn, drawn[..., 0]],
        ".tif": [drawn, drawn.astype(np.uint16) << 8],
        ".ppm": [drawn],
        ".pgm": [drawn[..., 0]],
    }
    seeds = [
        (suffix, cv2.imencode(suffix, image)[1].tobytes())
        for suffix, images in given.items()
        for image in images
    ]
    progressive = cv2.imencode(".jpg", drawn, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()
    seeds.append((".jpg", progressive))
    if photographs is not None:
        seeds += [
            (path.suffix, path.read_bytes())
            for path in sorted(photographs.glob("*/*_0001.jpg"))[:20]
        ]
    return seeds


def video_seeds(folder: Path) -> list[tuple[str, bytes]]:
    """Short videos in the containers and codecs that this OpenCV writes."""
    rng = np.random.default_rng(1)
    seeds = []
    for suffix, codec in ((".avi", "MJPG"), (".avi", "XVID"), (".mp4", "mp4v"), (".mkv", "mp4v")):
        path = folder / f"seed{suffix}"
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), 25, (64, 48))
        for _ in range(6):
            writer.write(cv2.GaussianBlur(rng.integers(0, 256, (48, 64, 3), np.uint8), (7, 7), 0))
        writer.release()
        data = path.read_bytes()
        assert len(data) > 1000, f"this OpenCV writes no {codec} in {suffix}"
        seeds.append((suffix, data))
    small = [cv2.imencode(".png", np.full((48, 64, 3), n, np.uint8))[1].tobytes() for n in range(4)]
    seeds.append((".avi", avi(small, b"MPNG", 64, 48)))
    return seeds


def mutate(data: bytes, rng: np.random.Generator) -> bytes:
    """Return *data* with some of what damage and malice do to files."""
    changed = bytearray(data)
    for _ in range(int(rng.integers(1, 5))):
        if not changed:
            break
        at = int(rng.integers(len(changed)))
        near = int(rng.integers(min(len(changed), 600)))  # where the headers are
        kind = int(rng.integers(7))
        if kind == 0:
            changed[at] ^= 1 << int(rng.integers(8))
        elif kind == 1:
            changed[near] = int(rng.integers(256))
        elif kind == 2:
            size = SIZES[int(rng.integers(len(SIZES)))]
            form = (">I", "<I", ">H", "<H")[int(rng.integers(4))]
            number = struct.pack(form, size & (0xFFFF if form[1] == "H" else 0xFFFFFFFF))
            changed[near : near + len(number)] = number
        elif kind == 3:
            del changed[at:]
        elif kind == 4:
            del changed[at : at + int(rng.integers(1, 64))]
        elif kind == 5:
            changed[at:at] = changed[near : near + int(rng.integers(1, 256))]
        else:
            changed[at:at] = rng.bytes(int(rng.integers(1, 64)))
    return bytes(changed)


def read(source: Source) -> str:
    """Read some frames as a camera does; return what became of it."""
    pictures = 0
    try:
        source.open()
        for _ in range(FRAMES):
            source.grab()
            image = source.retrieve()
            if image is not None:
                assert image.dtype == np.uint8, image.dtype
                assert image.ndim == 3 and image.shape[2] == 3, image.shape
                assert max(image.shape) <= MAX_SIDE, image.shape
                pictures += 1
    except SourceError:
        return "refused after pictures" if pictures else "refused"
    finally:
        source.close()
    return "read" if pictures else "damaged"


def bombs() -> dict[str, bytes]:
    """Small files that are huge, or say so, by name."""
    small, huge = png(48), png(16_000)
    claims = bytearray(small)
    claims[16:24] = struct.pack(">II", 60_000, 60_000)
    claims[29:33] = struct.pack(">I", zlib.crc32(claims[12:29]))
    long_chunk = small.replace(struct.pack(">I", len(small) - 57) + b"IDAT", b"\x7f\xff\0\0IDAT")
    assert long_chunk != small
    return {
        "huge.png": huge,
        "claims.png": bytes(claims),
        "long_chunk.png": long_chunk,
        "huge.avi": avi([huge] * 3, b"MPNG", 16_000, 16_000),
        "grows.avi": avi([small, huge, huge], b"MPNG", 48, 48),
        "claims.avi": avi([small] * 3, b"MPNG", 60_000, 60_000),
    }


def explode() -> None:
    """Read each bomb; print what became of it and the most memory taken, in MB."""
    outcomes = {}
    for name, data in bombs().items():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            path.write_bytes(data)
            picture = path.suffix == ".png"
            outcomes[name] = read(PictureFolder(path.parent) if picture else VideoFile(path))
    report(outcomes)


def report(outcomes: Mapping[str, object]) -> None:
    """Print the line of JSON."""
    # Not ru_maxrss: that of a child begins with what its parent had before exec.
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    memory = int(peak) >> 10
    print(json.dumps({"outcomes": outcomes, "memory_mb": memory}))


def main(kind: str, count: int, seed: int, photographs: Path | None) -> None:
    """Mutate, read, count; print the counts and the most memory taken, in MB."""
    rng = np.random.default_rng([seed, kind == "videos"])
    outcomes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        seeds = picture_seeds(photographs) if kind == "pictures" else video_seeds(folder)
        for suffix, data in seeds:
            path = folder / kind / f"whole{suffix}"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
            source = PictureFolder(path.parent) if kind == "pictures" else VideoFile(path)
            assert read(source) == "read", f"a whole {suffix} cannot be read"
            path.unlink()
        for number in range(count):
            suffix, data = seeds[number % len(seeds)]
            path = folder / kind / f"damaged{suffix}"
            path.write_bytes(mutate(data, rng))
            print(f"{kind} {seed} {number}", file=sys.stderr)
            source = PictureFolder(path.parent) if kind == "pictures" else VideoFile(path)
            outcomes[read(source)] += 1
            path.unlink()
    report(outcomes)


if __name__ == "__main__":
    if sys.argv[1] == "bombs":
        explode()
    else:
        photographs = Path(sys.argv[4]) if sys.argv[4:] else None
        main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), photographs)
