"""Network cameras as they are: chunks, odd parts, passwords, and what is no stream at all."""

import base64
import itertools
import logging
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest

from face_auth.camera import Camera, http_stream, streams
from face_auth.camera import camera as camera_module
from face_auth.camera.address import parse_address
from face_auth.camera.http_login import answer_to
from face_auth.camera.jpegs import JpegReader
from face_auth.camera.streams import MjpegStream
from face_auth.types import CameraState, Frame
from tests.face_auth.camera.mjpeg_server import (
    BASIC,
    MD5,
    SHA_256,
    MjpegServer,
    index_of,
    jpeg,
    with_length,
)
from tests.patience import LIMIT_S, until

SESSION = SHA_256.replace("SHA-256", "SHA-256-sess")
UNKNOWN = MD5.replace("MD5", "SHA3-999")
ONLY_BODIES = MD5.replace('"auth"', '"auth-int"')


@pytest.fixture
def server() -> Iterator[MjpegServer]:
    made = MjpegServer()
    yield made
    made.stop()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may be slower than a camera that is given up."""
    for module in (streams, http_stream):
        monkeypatch.setattr(module, "READ_TIMEOUT_S", LIMIT_S)
    monkeypatch.setattr(streams, "_CATCH_UP_S", LIMIT_S)


@pytest.fixture
def watch() -> Iterator[Callable[[str], Camera]]:
    """Start cameras that are closed at the end."""
    opened: list[Camera] = []

    def start(address: str) -> Camera:
        opened.append(Camera(address))
        opened[-1].start()
        return opened[-1]

    yield start
    for each in opened:
        each.close()


def take(camera: Camera, count: int) -> list[Frame]:
    latest = time.monotonic() + LIMIT_S
    return list(itertools.islice(camera.frames(after=0.0, until=latest), count))


def noisy(index: int, rows: int = 240) -> bytes:
    """A picture with so many rows of noise, whose index can still be seen."""
    rng = np.random.default_rng(index)
    image = cv2.imdecode(np.frombuffer(jpeg(index), np.uint8), cv2.IMREAD_COLOR)
    image[-rows:] = rng.integers(0, 255, image[-rows:].shape, np.uint8)
    return cv2.imencode(".jpg", image)[1].tobytes()


# Chunks

CUTS: dict[str, Callable[[bytes], list[bytes]]] = {
    "one": lambda part: [part],
    "three": lambda part: [part[:90], part[90:-2], part[-2:]],
    "many": lambda part: [part[at : at + 700] for at in range(0, len(part), 700)],
    "tiny": lambda part: [part[at : at + 37] for at in range(0, len(part), 37)],
}


class Wire(MjpegServer):
    """A server that sends each picture when it is asked to, and so knows what was sent."""

    def __init__(self) -> None:
        self.due = 0
        self.large = False
        super().__init__()

    def _part(self) -> bytes:
        if self.sent + 1 >= self.due:
            return b""
        self.instead = noisy(self.sent + 1) if self.large else None
        return super()._part()


class Jammed(MjpegServer):
    """A server whose pictures together are longer than one read."""

    def _part(self) -> bytes:
        self.instead = noisy(self.sent + 1, 60)
        return super()._part()


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("cut", CUTS)
def test_a_chunked_picture_is_delivered_without_the_next_one(
    cut: str, large: bool, patient: None
) -> None:
    """A reader that waits for more chunks where it has a whole picture gets a fifth of them."""
    server = Wire()
    server.cut, server.large = CUTS[cut], large
    source = MjpegStream(server.address).open()
    try:
        for index in range(4):
            server.due = index + 1
            source.grab()
            image = source.retrieve()
            assert image is not None
            assert index_of(image) == index
    finally:
        source.close()
        server.stop()


@pytest.mark.parametrize("cut", [None, *CUTS])
def test_after_a_jam_the_first_picture_is_the_newest(patient: None, cut: str | None) -> None:
    """A client that reads ahead holds pictures back, in a buffer that nobody can ask."""
    server = Jammed()
    server.cut = CUTS[cut] if cut else None
    source = MjpegStream(server.address).open()
    try:
        for _ in range(3):
            source.grab()
            server.jam.set()
            held = server.sent
            until(lambda at=held: server.sent >= at + 6)  # type: ignore[misc]
            sent = server.sent
            server.jam.clear()
            # What was held is on its way once the next one but one is made.
            until(lambda at=sent: server.sent >= at + 2)  # type: ignore[misc]
            source.grab()
            image = source.retrieve()
            assert image is not None
            assert index_of(image) >= sent
    finally:
        source.close()
        server.stop()


def test_the_end_of_the_chunks_is_the_end_of_the_stream(
    server: MjpegServer, watch: Callable[[str], Camera]
) -> None:
    server.cut = lambda part: [part, b""]
    camera = watch(server.address)
    until(lambda: camera.state is CameraState.LOST)
    assert "stopped delivering" in camera.problem


# Parts

HEADINGS: dict[str, Callable[[int], str]] = {
    "no length": lambda size: "Content-Type: image/jpeg\r\n\r\n",
    "blank line": lambda size: f"{with_length(size)}\r\n",
    "two blank lines": lambda size: f"{with_length(size)}\r\n\r\n",
    "too short": lambda size: with_length(size - 200),
    "too long": lambda size: with_length(size + 5000),
    "zero": lambda size: with_length(0),
    "negative": lambda size: with_length(-1),
    "no headers": lambda size: "\r\n",
    "bare line ends": lambda size: with_length(size).replace("\r", ""),
}


@pytest.mark.parametrize("heading", HEADINGS)
def test_a_picture_is_found_by_its_start_and_end(
    server: MjpegServer, watch: Callable[[str], Camera], heading: str
) -> None:
    server.heading = HEADINGS[heading]
    frames = take(watch(server.address), 3)
    assert np.diff([index_of(frame.image) for frame in frames]).min() > 0


def test_a_stream_without_a_boundary_is_read(
    server: MjpegServer, watch: Callable[[str], Camera]
) -> None:
    server.content_type = "multipart/x-mixed-replace"
    assert take(watch(server.address), 1)


def test_a_thumbnail_is_not_taken_for_the_picture() -> None:
    thumbnail = jpeg(1, (32, 24))
    inside = b"\xff\xe1" + (len(thumbnail) + 2).to_bytes(2, "big") + thumbnail
    whole = jpeg(2)[:2] + inside + jpeg(2)[2:]
    reader = JpegReader()
    reader.feed(b"--frame\r\n\r\n" + whole + b"\r\n--frame")
    assert reader.next() == whole
    assert reader.next() is None


def test_after_a_picture_that_broke_off_the_next_one_is_found() -> None:
    reader = JpegReader()
    for keep in (3, 400, len(jpeg(1)) // 2, len(jpeg(1)) - 2):
        reader.feed(
            b"--frame\r\n\r\n" + jpeg(1)[:keep] + b"\r\n--frame\r\n\r\n" + jpeg(2) + jpeg(3)
        )
        assert (reader.next(), reader.next(), reader.next()) == (jpeg(2), jpeg(3), None)


# Passwords


@pytest.mark.parametrize(
    ("challenges", "chosen"),
    [
        ([MD5], "algorithm=MD5"),
        ([SHA_256], "algorithm=SHA-256"),
        ([MD5, SHA_256], "algorithm=SHA-256"),
        ([SHA_256, MD5, BASIC], "algorithm=SHA-256"),
        ([f"{MD5}, {SHA_256}, {BASIC}"], "algorithm=SHA-256"),
        ([BASIC, MD5], "algorithm=MD5"),
        ([UNKNOWN, MD5], "algorithm=MD5"),
        ([ONLY_BODIES, MD5], "algorithm=MD5"),
        ([SESSION, MD5], "algorithm=SHA-256-sess"),
        ([MD5.replace('"auth"', '"auth-int, auth"')], "algorithm=MD5"),
        ([MD5.replace(', qop="auth"', "").replace(", algorithm=MD5", "")], "algorithm=MD5"),
        ([SHA_256.replace("SHA", "sha")], "algorithm=sha-256"),
        ([UNKNOWN, BASIC], "Basic "),
        (["Negotiate", "NTLM", BASIC], "Basic "),
    ],
)
def test_the_best_challenge_that_can_be_answered_is_answered(
    server: MjpegServer,
    watch: Callable[[str], Camera],
    caplog: pytest.LogCaptureFixture,
    challenges: list[str],
    chosen: str,
) -> None:
    caplog.set_level(logging.INFO)
    server.login, server.challenges = ("kiosk", "p@ss w#rd/é"), challenges
    address = server.address.replace("http://", "http://kiosk:p%40ss%20w%23rd%2F%C3%A9@")
    assert take(watch(address), 1)
    assert "Authorization" not in server.requests[0]
    assert chosen in server.requests[1]
    assert all("w%23rd" not in text and "w#rd" not in text for text in server.requests)
    assert "w%23rd" not in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize("challenges", [[], [UNKNOWN], [ONLY_BODIES], ["Digest x"], ["Negotiate"]])
def test_no_password_is_sent_where_no_challenge_can_be_answered(
    server: MjpegServer, watch: Callable[[str], Camera], challenges: list[str]
) -> None:
    server.login, server.challenges = ("kiosk", "word"), challenges
    camera = watch(server.address.replace("http://", "http://kiosk:word@"))
    until(lambda: camera.state is CameraState.LOST)
    assert "401" in camera.problem
    assert not any("Authorization" in text for text in server.requests)


def test_a_wrong_password_is_refused_and_never_shown(
    server: MjpegServer, watch: Callable[[str], Camera], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server.login = ("kiosk", "right")
    wrong = watch(server.address.replace("http://", "http://mallory:wr0ng%20word@"))
    until(lambda: wrong.state is CameraState.LOST)
    assert "401" in wrong.problem
    for text in (wrong.problem, caplog.text, *server.requests):
        assert "wr0ng" not in text
    for text in (wrong.problem, caplog.text):
        assert "secret" not in text
        assert "mallory" not in text


def test_what_the_digest_covers_is_what_is_asked_for() -> None:
    address = parse_address("http://u:p@h/a/../b%20c?q=[1]&r=%40")
    answer = answer_to([SHA_256], address)
    assert answer is not None
    target, header = answer
    assert f'uri="{target}"'.encode() in header


def test_httpx_is_loaded_by_a_digest_alone(server: MjpegServer) -> None:
    code = (
        "import sys; from face_auth.camera.address import parse_address;"
        "from face_auth.camera.http_login import answer_to;"
        "a = parse_address('http://u:p@h/'); b = answer_to(sys.argv[1:2], a)[1];"
        "assert 'httpx' not in sys.modules; answer_to(sys.argv[2:], a);"
        "assert 'httpx' in sys.modules; print(b.decode())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, BASIC, MD5], capture_output=True, text=True, timeout=600
    )
    assert done.stdout.strip() == f"Basic {base64.b64encode(b'u:p').decode()}", done.stderr


# What is no stream


@pytest.mark.parametrize("user", ["", "kiosk:w0rd@"])
def test_the_address_of_a_single_picture_is_named(
    server: MjpegServer, watch: Callable[[str], Camera], user: str
) -> None:
    server.content_type = "image/jpeg"
    camera = watch(server.address.replace("http://", f"http://{user}"))
    until(lambda: camera.state is CameraState.LOST)
    assert "it sends a single picture" in camera.problem
    assert "w0rd" not in camera.problem


def test_what_answers_no_http_is_named_without_what_was_sent(
    server: MjpegServer, watch: Callable[[str], Camera], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera_module, "RETRY_S", 0.05)
    server.content_type = "text/html"
    camera = watch(server.address.replace("http:", "https:"))
    until(lambda: camera.state is CameraState.LOST)
    assert "no camera at https://127.0.0.1" in camera.problem
    assert "secret" not in camera.problem
