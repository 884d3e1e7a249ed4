"""A test camera on loopback that sends JPEGs over HTTP, like IP cameras and telephones."""

import contextlib
import hashlib
import re
import socket
import ssl
import threading
import time
from base64 import b64encode
from collections.abc import Callable

import cv2
import numpy as np

from benchmarks.port import Port

PERIOD_S = 0.04
MD5 = 'Digest realm="cam", nonce="n0nce", qop="auth", algorithm=MD5'
BASIC = 'Basic realm="cam"'
SHA_256 = MD5.replace("MD5", "SHA-256")


def picture(index: int, size: tuple[int, int] = (640, 480)) -> np.ndarray:
    """An RGB picture whose left half tells its index and whose right half is pure red."""
    image = np.zeros((size[1], size[0], 3), np.uint8)
    image[:, : size[0] // 2] = [0, index % 64 * 4, index // 64 * 16]
    image[:, size[0] // 2 :] = [250, 0, 0]
    return image


def index_of(image: np.ndarray) -> int:
    """The index that `picture` drew, read back from a lossy copy."""
    height, width = image.shape[:2]
    low, high = image[height // 4 : height // 2, width // 8 : width // 4, 1:].mean(axis=(0, 1))
    return int(round(low / 4) + 64 * round(high / 16))


def is_red_right(image: np.ndarray) -> bool:
    """Whether the right half is red, as it is only when RGB was not taken for BGR."""
    red, green, blue = image[:, image.shape[1] * 3 // 4].mean(axis=0)
    return bool(red > 200 and green < 60 and blue < 60)


def jpeg(index: int, size: tuple[int, int] = (640, 480)) -> bytes:
    """`picture` as a JPEG."""
    return cv2.imencode(".jpg", picture(index, size)[..., ::-1])[1].tobytes()


def with_length(size: int) -> str:
    """The headers of a part, as the book has them."""
    return f"Content-Type: image/jpeg\r\nContent-Length: {size}\r\n\r\n"


class MjpegServer:
    """Serves numbered pictures, one every 40 ms, until stopped; can be started again.

    Attributes:
        silent: Set to accept and answer, but send nothing (more).
        mute: Set to accept and never answer.
        content_type: Of the whole answer.
        heading: What stands between the boundary and a picture of so many bytes.
        cut: How a part is cut into chunks; None: the answer is not chunked.
        jam: Set to hold pictures back; they arrive in one piece when it is cleared.
        login: User and password asked for.
        challenges: The WWW-Authenticate headers of a camera with a login.
        instead: Sent in place of each picture.
        sent: The index of the newest picture sent.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.silent = threading.Event()
        self.mute = threading.Event()
        self.jam = threading.Event()
        self.content_type = "multipart/x-mixed-replace; boundary=--frame"
        self.heading = with_length
        self.cut: Callable[[bytes], list[bytes]] | None = None
        self.login: tuple[str, str] | None = None
        self.challenges = [MD5]
        self.instead: bytes | None = None
        self.sent = -1
        self.requests: list[str] = []
        self._tls = tls
        self._port = Port()
        self._open: set[socket.socket] = set()
        self.start()

    @property
    def address(self) -> str:
        """Where it serves."""
        scheme = "https" if self._tls else "http"
        return f"{scheme}://127.0.0.1:{self._port.number}/video?token=secret"

    def start(self) -> None:
        """Listen, always on the same port."""
        self._running = True
        self._listener = socket.create_server(("127.0.0.1", self._port.number))
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def stop(self) -> None:
        """Break every connection and refuse new ones."""
        self._running = False
        for each in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._open.clear()

    def _accept(self, listener: socket.socket) -> None:
        while self._running:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
                self._open.add(connection)
            request = connection.recv(8192).decode("latin-1")
            self.requests.append(request)
            while self.mute.is_set():
                time.sleep(0.02)
            if self.login and not self._authorised(request):
                asked = "".join(f"WWW-Authenticate: {each}\r\n" for each in self.challenges)
                answer = f"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n{asked}\r\n"
                connection.sendall(answer.encode())
                connection.close()
                return
            coding = "" if self.cut is None else "Transfer-Encoding: chunked\r\n"
            head = f"HTTP/1.1 200 OK\r\n{coding}Content-Type: {self.content_type}\r\n\r\n"
            connection.sendall(head.encode())
            waiting = b""
            while self._running:
                if not self.silent.is_set():
                    waiting += self._part()
                if waiting and not self.jam.is_set():
                    connection.sendall(waiting)
                    waiting = b""
                time.sleep(PERIOD_S)
        except OSError:
            connection.close()

    def _part(self) -> bytes:
        self.sent += 1
        data = jpeg(self.sent) if self.instead is None else self.instead
        part = f"--frame\r\n{self.heading(len(data))}".encode() + data + b"\r\n"
        if self.cut is None:
            return part
        return b"".join(b"%x\r\n%s\r\n" % (len(each), each) for each in self.cut(part))

    def _authorised(self, request: str) -> bool:
        assert self.login
        user, password = self.login
        if f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}" in request:
            return any(each.startswith("Basic") for each in self.challenges)
        fields = dict(re.findall(r'(\w+)="?([^",\r\n]+)', request.partition("Digest ")[2]))
        if not fields:
            return False
        algorithm, session, _ = fields.get("algorithm", "MD5").upper().partition("-SESS")

        def hashed(*texts: str) -> str:
            name = algorithm.replace("-", "")
            return hashlib.new(name, ":".join(texts).encode(), usedforsecurity=False).hexdigest()

        secret = hashed(user, "cam", password)
        if session:
            secret = hashed(secret, "n0nce", fields["cnonce"])
        asked = hashed("GET", "/video?token=secret")
        if "qop" not in fields:
            return fields["response"] == hashed(secret, "n0nce", asked)
        once = ("n0nce", fields["nc"], fields["cnonce"], fields["qop"])
        return fields["response"] == hashed(secret, *once, asked)
