"""Factory of picture sources: creates the source that a camera spec names.

The readers of webcams, streams and files are imported only here, on the camera's own thread: they
load OpenCV, TLS and HTTP, for which the window's first paint need not wait.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from face_auth.camera.sources import Source, SourceKind, source_kind
from face_auth.types import Movement


def make_source(
    spec: str,
    clock: Callable[[], float] = time.monotonic,
    asked: Callable[[], Movement | None] = lambda: None,
) -> Source:
    """Return the unopened source that *spec* names; ValueError as `source_kind`.

    Args:
        spec: See `source_kind`.
        clock: In seconds, for the drawn face.
        asked: What the person before the camera is asked to do; the drawn face obeys.
    """
    kind = source_kind(spec)
    if kind is SourceKind.WEBCAM:
        from face_auth.camera.opencv import Webcam

        return Webcam(spec)
    if kind in {SourceKind.STREAM, SourceKind.TLS_STREAM}:
        from face_auth.camera.streams import FfmpegStream, MjpegStream

        return MjpegStream(spec) if spec.lower().startswith("http") else FfmpegStream(spec)
    from face_auth.camera.playback import Demo, PictureFolder, VideoFile

    if kind is SourceKind.DEMO:
        return Demo(int(spec[5:] or 0), clock, asked)
    return PictureFolder(Path(spec)) if kind is SourceKind.FOLDER else VideoFile(Path(spec))
