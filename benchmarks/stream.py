"""Network camera for the kiosk under measurement: JPEG pictures over HTTP, as webcams send."""

import threading
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Final, Self

import cv2
import numpy as np

from benchmarks.frames import Picture

RATE: Final = 30
_BOUNDARY = "frame"
_VARIANTS: Final = 4


class Stream:
    """Serves the same pictures repeatedly on a loopback port, as long as it is open."""

    def __init__(self, frames: Sequence[Picture], *, hold_s: float = 1.0) -> None:
        """Start serving *frames*, each for *hold_s* seconds, with a sensor's noise.

        The noise is needed because a camera that repeats a picture exactly counts as frozen.
        """
        rng = np.random.default_rng(RATE)
        files = [[_encode(frame, rng) for _ in range(_VARIANTS)] for frame in frames]

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                kind = f"multipart/x-mixed-replace; boundary={_BOUNDARY}"
                self.send_header("Content-Type", kind)
                self.end_headers()
                begin, count = time.monotonic(), 0
                try:
                    while True:
                        data = files[int(count / RATE / hold_s) % len(files)][count % _VARIANTS]
                        head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\n"
                        head += f"Content-Length: {len(data)}\r\n\r\n"
                        self.wfile.write(head.encode("ascii") + data + b"\r\n")
                        count += 1
                        time.sleep(max(0.0, begin + count / RATE - time.monotonic()))
                except OSError:
                    return

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}/camera.mjpeg"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def _encode(frame: Picture, rng: np.random.Generator) -> bytes:
    noisy = np.clip(frame + rng.normal(0, 2, frame.shape), 0, 255).astype(np.uint8)
    return bytes(cv2.imencode(".jpg", cv2.cvtColor(noisy, cv2.COLOR_RGB2BGR))[1])
