"""Tests of the camera with real files and sockets and known pictures."""

import datetime
import errno
import ipaddress
import itertools
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from face_auth.camera import camera as camera_module
from face_auth.camera import http_stream, opencv, streams, v4l2
from face_auth.camera.camera import MAX_AGE_S, Camera
from face_auth.camera.playback import PictureFolder, VideoFile
from face_auth.camera.sources import Source, SourceError, SourceKind, source_kind
from face_auth.errors import CameraError
from face_auth.types import CameraState, Frame
from tests.face_auth.camera.mjpeg_server import MjpegServer, index_of, is_red_right, jpeg, picture
from tests.face_auth.camera.rtsp_server import RtspServer
from tests.patience import LIMIT_S, until


class ShiftedClock:
    """Real time, which a test can move on."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead_s


@pytest.fixture
def open_camera() -> Iterator[Callable[..., Camera]]:
    """Start cameras that are closed at the end."""
    opened: list[Camera] = []

    def start(spec: object, clock: Callable[[], float] = time.monotonic) -> Camera:
        opened.append(Camera(str(spec), clock=clock))
        opened[-1].start()
        return opened[-1]

    yield start
    for each in opened:
        each.close()


@pytest.fixture
def server() -> Iterator[MjpegServer]:
    """A network camera that serves at once."""
    made = MjpegServer()
    yield made
    made.stop()


def wait_for(condition: Callable[[], object]) -> bool:
    """Whether *condition* comes true; it has long, for the machine may be busy."""
    until(condition)
    return True


def take(camera: Camera, count: int) -> list[Frame]:
    """The next *count* frames."""
    latest = time.monotonic() + LIMIT_S
    return list(itertools.islice(camera.frames(after=0.0, until=latest), count))


def keeps_pace(frames: list[Frame], rate: float, pictures: int) -> bool:
    """Whether each of *frames* shows the picture that is due by its time, of so many in turn.

    A camera that nobody looked at for a second, or that got no time for so long, begins anew.
    """
    first = frames[0]
    stood_still = max(np.diff([frame.captured_at for frame in frames])) >= MAX_AGE_S
    due = [(frame.captured_at - first.captured_at) * rate for frame in frames]
    shown = [index_of(frame.image) - index_of(first.image) for frame in frames]
    behind = [(when - picture + 1.5) % pictures for when, picture in zip(due, shown, strict=True)]
    return stood_still or max(behind) < 3


def write_pictures(folder: Path, indices: range) -> None:
    for index in indices:
        cv2.imwrite(str(folder / f"{index:03}.png"), picture(index)[..., ::-1])


def write_video(path: Path, frames: int, rate: float) -> None:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), rate, (640, 480))
    for index in range(frames):
        writer.write(np.ascontiguousarray(picture(index)[..., ::-1]))
    writer.release()


# What a spec names


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        ("0", SourceKind.WEBCAM),
        ("12", SourceKind.WEBCAM),
        ("/dev/video0", SourceKind.WEBCAM),
        ("/dev/v4l/by-id/usb-046d_C920-video-index0", SourceKind.WEBCAM),
        ("https://cam.example/video", SourceKind.TLS_STREAM),
        ("HTTPS://cam.example/video", SourceKind.TLS_STREAM),
        ("rtsps://cam.example/live", SourceKind.TLS_STREAM),
        ("http://10.0.0.7:8080/video", SourceKind.STREAM),
        ("rtsp://u:p@cam.example/live", SourceKind.STREAM),
        ("clips/there_is_none.mp4", SourceKind.VIDEO),
        ("./0", SourceKind.VIDEO),
        ("./demo", SourceKind.VIDEO),
        ("faces/", SourceKind.FOLDER),
        ("demo", SourceKind.DEMO),
        ("demo:7", SourceKind.DEMO),
    ],
)
def test_spec_names_its_kind(spec: str, kind: SourceKind) -> None:
    assert source_kind(spec) is kind


@pytest.mark.parametrize(
    "spec",
    [
        *(
            "",
            " ",
            " 0",
            "-1",
            "+1",
            "00",
            "1234",
            "٣",
            "demo:",
            "demo:x",
            "demo:-1",
            "demo:8",
            "demo:00",
            "a\nb",
            "a\0b",
        ),
        *(
            "ftp://cam.example/x",
            "file:///tmp/x.mp4",
            "http://",
            "https:///video",
            "rtsp://h:port/",
        ),
        *("/dev/null", "/dev/fd/3", "/dev/video0/../null", "/dev/v4l/by-id/..", "/dev/video0 "),
    ],
)
def test_nonsense_names_no_camera(spec: str) -> None:
    with pytest.raises(ValueError):
        source_kind(spec)
    with pytest.raises(ValueError):
        Camera(spec)


def test_folder_is_told_from_file(tmp_path: Path) -> None:
    assert source_kind(str(tmp_path)) is SourceKind.FOLDER
    assert source_kind(str(tmp_path / "clip.mp4")) is SourceKind.VIDEO


def test_import_and_construction_load_neither_opencv_nor_numpy() -> None:
    code = (
        "import sys; from face_auth.camera import Camera; Camera('0');"
        "assert not {'cv2', 'numpy', 'ssl'} & set(sys.modules), 'loaded'"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=600)


# Folders


def test_folder_shows_each_picture_in_turn_as_rgb(
    tmp_path: Path, open_camera: Callable[..., Camera]
) -> None:
    write_pictures(tmp_path, range(9))
    (tmp_path / "001b.jpg").write_bytes(b"no picture at all")
    (tmp_path / "notes.txt").write_text("not counted")
    camera = open_camera(tmp_path)
    frames = take(camera, 12)
    assert (frames[0].index, index_of(frames[0].image)) == (1, 0)
    assert min(np.diff([frame.index for frame in frames])) > 0
    assert keeps_pace(frames, 5, 9)
    assert frames[-1].captured_at - frames[0].captured_at > 0.2 * 10
    assert all(is_red_right(frame.image) for frame in frames)
    assert camera.skipped == 1
    assert (camera.state, camera.problem) == (CameraState.READY, "")


def test_frames_are_contiguous_and_read_only(
    tmp_path: Path, open_camera: Callable[..., Camera]
) -> None:
    write_pictures(tmp_path, range(1))
    image = take(open_camera(tmp_path), 1)[0].image
    assert image.shape == (480, 640, 3)
    assert image.dtype == np.uint8
    assert image.flags.c_contiguous
    with pytest.raises(ValueError, match="read-only"):
        image[0, 0, 0] = 1


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (np.full((20, 30), 90, np.uint8), (20, 30, 3)),
        (np.full((20, 30), 90 << 8, np.uint16), (20, 30, 3)),
        (np.full((20, 30, 3), 90, np.uint8), (20, 30, 3)),
        (np.full((20, 30, 3), 90 << 8, np.uint16), (20, 30, 3)),
        (np.full((20, 30, 4), 90, np.uint8), (20, 30, 3)),
        (np.full((1, 1, 3), 90, np.uint8), (1, 1, 3)),
        (np.full((4320, 7680, 3), 90, np.uint8), (1080, 1920, 3)),
        (np.full((1, 4000), 90, np.uint8), (1, 1920, 3)),
    ],
    ids=["grey", "grey16", "rgb", "rgb16", "rgba", "1x1", "8k", "line"],
)
def test_any_picture_becomes_rgb_of_bearable_size(
    given: np.ndarray, expected: tuple[int, int, int], tmp_path: Path
) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), given)
    source = PictureFolder(tmp_path).open()
    source.grab()
    for image in (source.retrieve(), opencv.rgb_of(given)):
        assert image is not None
        assert image.shape == expected
        assert abs(float(image.mean()) - 90) < 1


def test_channel_order_of_four_channels_and_unknown_layouts() -> None:
    blue_in_bgra = np.zeros((4, 4, 4), np.uint8)
    blue_in_bgra[..., 0] = 200
    assert opencv.rgb_of(blue_in_bgra)[0, 0].tolist() == [0, 0, 200]
    for odd in (np.zeros((4, 4, 2), np.uint8), np.zeros((4, 4)), np.zeros((0, 4, 3), np.uint8)):
        with pytest.raises(SourceError):
            opencv.rgb_of(odd)


def test_empty_folder_is_lost_until_a_picture_comes(
    tmp_path: Path, open_camera: Callable[..., Camera]
) -> None:
    camera = open_camera(tmp_path)
    assert wait_for(lambda: camera.state is CameraState.LOST)
    assert "no pictures" in camera.problem
    assert camera.latest() is None
    write_pictures(tmp_path, range(7, 8))
    assert index_of(take(camera, 1)[0].image) == 7


def test_folder_without_readable_picture_is_lost(
    tmp_path: Path, open_camera: Callable[..., Camera]
) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg(0)[:60])
    camera = open_camera(tmp_path)
    assert wait_for(lambda: camera.state is CameraState.LOST)
    assert "can be read" in camera.problem


# Videos


def test_video_plays_at_its_own_rate_and_loops(
    tmp_path: Path, open_camera: Callable[..., Camera]
) -> None:
    write_video(tmp_path / "clip.mp4", 6, rate=10)
    camera = open_camera(tmp_path / "clip.mp4")
    frames = take(camera, 14)
    assert frames[-1].captured_at - frames[0].captured_at > 1.2
    assert keeps_pace(frames, 10, 6)
    shown = {index_of(frame.image) for frame in frames}
    assert wait_for(lambda: shown.add(index_of(take(camera, 1)[0].image)) or len(shown) == 6)
    assert all(is_red_right(frame.image) for frame in frames)


def test_video_leaves_frames_out_rather_than_falling_behind(
    tmp_path: Path, open_camera: Callable[..., Camera], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_video(tmp_path / "clip.mp4", 40, rate=25)
    to_rgb = opencv.rgb_of

    def slow(image: np.ndarray, *, from_bgr: bool = True) -> np.ndarray:
        time.sleep(0.1)
        return to_rgb(image, from_bgr=from_bgr)

    monkeypatch.setattr(opencv, "rgb_of", slow)
    frames = take(open_camera(tmp_path / "clip.mp4"), 8)
    assert frames[-1].captured_at - frames[0].captured_at > 0.1 * 6
    assert keeps_pace(frames, 25, 40)


def test_missing_and_damaged_videos_are_named(
    tmp_path: Path, open_camera: Callable[..., Camera]
) -> None:
    missing = open_camera(tmp_path / "none.mp4")
    (tmp_path / "bad.mp4").write_bytes(b"\0" * 5000)
    damaged = open_camera(tmp_path / "bad.mp4")
    assert wait_for(lambda: missing.problem and damaged.problem)
    assert "No such file" in missing.problem
    assert "is not a readable video" in damaged.problem
    started = time.monotonic()
    with pytest.raises(CameraError, match="No such file"):
        next(missing.frames(after=0, until=started + LIMIT_S))
    assert time.monotonic() - started > 1.4


@pytest.mark.faces
def test_real_clip_is_read_to_its_end_and_again(shared: Path) -> None:
    source = VideoFile(shared / "video" / "webcam_real.mp4")
    source.open()
    try:
        source.grab()
        first = source.retrieve()
        assert first is not None
        assert first.shape == (1080, 1920, 3)
        for _ in range(139):
            source.grab()
        last = source.retrieve()
        source.grab()
        again = source.retrieve()
    finally:
        source.close()
    assert last is not None
    assert again is not None
    assert np.array_equal(again, first)
    assert not np.array_equal(last, first)


# The network


def test_stream_hands_out_fresh_rgb_frames(
    server: MjpegServer, open_camera: Callable[..., Camera]
) -> None:
    camera = open_camera(server.address)
    take(camera, 3)
    sent, pressed = server.sent, time.monotonic()
    frames = list(itertools.islice(camera.frames(after=pressed, until=pressed + LIMIT_S), 5))
    assert all(frame.captured_at > pressed for frame in frames)
    assert all(index_of(frame.image) >= sent for frame in frames)  # that one may be on its way
    assert all(is_red_right(frame.image) for frame in frames)
    assert len({frame.index for frame in frames}) == 5


def test_slow_consumer_gets_the_newest_frame_once(
    server: MjpegServer, open_camera: Callable[..., Camera]
) -> None:
    camera = open_camera(server.address)
    for frame in itertools.islice(camera.frames(after=0, until=time.monotonic() + LIMIT_S), 11):
        behind = server.sent - index_of(frame.image)
        time.sleep(0.2)
    assert behind <= 12  # in a queue there would be 50 at the end


def test_picture_that_comes_in_many_pieces_is_whole(
    server: MjpegServer, open_camera: Callable[..., Camera], rng: np.random.Generator
) -> None:
    noise = rng.integers(0, 255, (720, 1280, 3), np.uint8)
    server.instead = cv2.imencode(".jpg", noise)[1].tobytes()
    assert len(server.instead) > 500_000
    expected = cv2.imdecode(np.frombuffer(server.instead, np.uint8), cv2.IMREAD_COLOR_RGB)
    assert np.array_equal(take(open_camera(server.address), 1)[0].image, expected)


def test_after_a_jam_only_the_newest_of_what_arrives_is_shown(
    server: MjpegServer, open_camera: Callable[..., Camera]
) -> None:
    camera = open_camera(server.address)
    for _ in range(2):
        take(camera, 1)
        server.jam.set()
        time.sleep(0.8)
        freed, sent = time.monotonic(), server.sent
        server.jam.clear()
        frame = next(camera.frames(after=freed, until=freed + LIMIT_S))
        assert index_of(frame.image) >= sent


def test_stream_that_stops_is_lost_and_comes_back_by_itself(
    server: MjpegServer, open_camera: Callable[..., Camera]
) -> None:
    camera = open_camera(server.address)
    assert wait_for(lambda: camera.latest())
    server.stop()
    assert wait_for(lambda: camera.state is CameraState.LOST)
    assert "stopped delivering" in camera.problem
    assert wait_for(lambda: "refused" in camera.problem)
    assert wait_for(lambda: camera.latest() is None)
    server.start()
    assert wait_for(lambda: camera.state is CameraState.READY)
    assert camera.problem == ""
    assert index_of(take(camera, 1)[0].image) >= server.sent - 1


def test_silent_stream_is_lost_within_two_seconds(
    server: MjpegServer, open_camera: Callable[..., Camera]
) -> None:
    camera = open_camera(server.address)
    assert wait_for(lambda: camera.latest())
    server.silent.set()
    started = time.monotonic()
    with pytest.raises(CameraError, match="stopped delivering"):
        list(camera.frames(after=started, until=started + LIMIT_S))
    assert time.monotonic() - started > 2.5
    server.silent.clear()
    assert wait_for(lambda: camera.state is CameraState.READY)


def test_server_that_never_answers_is_lost_and_does_not_hold_up_close(
    server: MjpegServer, open_camera: Callable[..., Camera], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name in (
        (http_stream, "OPEN_TIMEOUT_S"), (http_stream, "READ_TIMEOUT_S"),
        (camera_module, "_CLOSE_S"),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, LIMIT_S)  # only breaking the wait off ends it sooner
    server.mute.set()
    camera = open_camera(server.address)
    assert wait_for(lambda: camera.state is CameraState.LOST)
    assert "no answer" in camera.problem
    time.sleep(1.2)  # it is asking again, and waiting
    started = time.monotonic()
    camera.close()
    assert time.monotonic() - started < LIMIT_S / 2
    assert camera.latest() is None


def test_stream_of_junk_is_lost(server: MjpegServer, open_camera: Callable[..., Camera]) -> None:
    server.instead = b"\xff\xd8" + bytes(3000)
    camera = open_camera(server.address)
    started = time.monotonic()
    with pytest.raises(CameraError, match="damaged"):
        list(camera.frames(after=0, until=started + LIMIT_S))


def certificate(folder: Path, *names: str) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS context with a certificate of its own for *names*, and that certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, names[0])])
    now = datetime.datetime.now(datetime.UTC)
    alternatives = [
        x509.IPAddress(ipaddress.ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
        for name in names
    ]
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{names[0]}.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret = folder / f"{names[0]}.key"
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, secret)
    return context, path


@pytest.mark.parametrize(
    ("name", "trusted", "admitted"),
    [("127.0.0.1", True, True), ("127.0.0.1", False, False), ("cam.example", True, False)],
)
def test_https_camera_must_prove_its_name(
    name: str,
    trusted: bool,
    admitted: bool,
    tmp_path: Path,
    open_camera: Callable[..., Camera],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    context, path = certificate(tmp_path, name)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
    server = MjpegServer(context)
    camera = open_camera(server.address)
    assert wait_for(lambda: camera.state is not CameraState.STARTING)
    state, problem = camera.state, camera.problem
    server.stop()
    assert (state is CameraState.READY) == admitted, problem
    assert admitted or "certificate" in problem


def test_rtsp_camera_is_read_and_a_silent_one_does_not_hold_up_close(
    open_camera: Callable[..., Camera], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera_module, "_CLOSEST_S", 0)
    server = RtspServer()
    camera = open_camera(server.address())
    first = take(camera, 1)[0]  # FFmpeg has buffered a second of pictures by now
    assert server.sent - index_of(first.image) <= 10
    assert is_red_right(first.image)
    server.jam.set()
    time.sleep(1.3)
    freed, sent = time.monotonic(), server.sent
    server.jam.clear()
    assert index_of(next(camera.frames(after=freed, until=freed + LIMIT_S)).image) >= sent
    server.silent.set()
    assert wait_for(lambda: camera.state is CameraState.LOST)
    assert "stopped delivering" in camera.problem
    started = time.monotonic()
    camera.close()
    assert time.monotonic() - started < LIMIT_S / 2
    server.stop()


def test_rtsps_camera_must_prove_its_name(
    tmp_path: Path, open_camera: Callable[..., Camera], monkeypatch: pytest.MonkeyPatch
) -> None:
    context, path = certificate(tmp_path, "localhost")
    server = RtspServer(context)
    stranger = open_camera(server.address("localhost"))
    assert wait_for(lambda: stranger.problem)
    stranger.close()
    assert server.plays == 0  # a stranger's certificate: nothing was asked of it
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    by_name, by_number = open_camera(server.address("localhost")), open_camera(server.address())
    assert wait_for(lambda: by_name.state is CameraState.READY), by_name.problem
    assert wait_for(lambda: by_number.problem)
    assert "host name" in by_number.problem
    server.stop()


# Looking, waiting and ending


def test_nothing_is_decoded_while_nobody_looks(
    server: MjpegServer, open_camera: Callable[..., Camera], monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[int] = []
    decode = streams.decode_picture

    def counted(data: bytes) -> np.ndarray | None:
        decoded.append(len(data))
        return decode(data)

    monkeypatch.setattr(streams, "decode_picture", counted)
    clock = ShiftedClock()
    camera = open_camera(server.address, clock)
    assert wait_for(lambda: camera.latest())
    clock.ahead_s += 2.5
    sent = server.sent
    assert wait_for(lambda: server.sent - sent > 5)  # what was being decoded then is done
    before, sent = len(decoded), server.sent
    assert wait_for(lambda: server.sent - sent > 5)
    assert len(decoded) == before
    assert camera.state is CameraState.READY
    assert camera.latest() is None  # the last one is too old by now
    assert wait_for(lambda: camera.latest())
    newest = camera.latest()
    assert newest is not None
    assert index_of(newest.image) > sent


def test_folder_waits_while_nobody_looks_and_goes_on_after(
    tmp_path: Path, open_camera: Callable[..., Camera]
) -> None:
    write_pictures(tmp_path, range(9))
    clock = ShiftedClock()
    camera = open_camera(tmp_path, clock)
    first = take(camera, 2)[-1]
    clock.ahead_s += 60
    time.sleep(0.5)
    assert camera.state is CameraState.READY
    assert camera.latest() is None
    assert wait_for(lambda: camera.latest())
    newest = camera.latest()
    assert newest is not None
    assert newest.index - first.index <= 2


def test_latest_is_never_older_than_a_second(
    server: MjpegServer, open_camera: Callable[..., Camera]
) -> None:
    clock = ShiftedClock()
    camera = open_camera(server.address, clock)
    assert wait_for(lambda: camera.latest())
    server.silent.set()
    time.sleep(0.2)
    assert camera.latest() is not None
    clock.ahead_s += 0.85
    assert camera.latest() is None


def test_state_and_newest_frame_are_read_without_the_cameras_lock(
    tmp_path: Path, open_camera: Callable[..., Camera]
) -> None:
    write_pictures(tmp_path, range(3))
    camera = open_camera(str(tmp_path))
    take(camera, 1)
    answers: list[object] = []

    def ask() -> None:
        answers.extend((camera.state, camera.problem, camera.latest()))

    with camera._changed:  # as its own thread holds it
        window = threading.Thread(target=ask, daemon=True)
        window.start()
        window.join(20)
        assert answers[:2] == [CameraState.READY, ""]
        assert isinstance(answers[2], Frame)


def test_frames_end_at_until_and_soon_after_cancel(
    tmp_path: Path, open_camera: Callable[..., Camera]
) -> None:
    write_pictures(tmp_path, range(2))
    camera = open_camera(tmp_path)
    take(camera, 1)
    started = time.monotonic()
    assert len(list(camera.frames(after=started, until=started + 0.5))) <= 3
    assert time.monotonic() - started >= 0.5
    cancel = threading.Event()
    threading.Timer(0.3, cancel.set).start()
    started = time.monotonic()
    list(camera.frames(after=started + 9999, until=started + 9999, cancel=cancel))
    assert cancel.is_set()


def test_closing_ends_a_wait_for_frames(tmp_path: Path, open_camera: Callable[..., Camera]) -> None:
    write_pictures(tmp_path, range(2))
    camera = open_camera(tmp_path)
    take(camera, 1)
    threading.Timer(0.2, camera.close).start()
    started = time.monotonic()
    with pytest.raises(CameraError, match="closed"):
        list(camera.frames(after=0, until=started + LIMIT_S))
    with pytest.raises(CameraError, match="closed"):
        camera.start()


def test_starting_and_closing_twice_is_harmless(tmp_path: Path) -> None:
    write_pictures(tmp_path, range(1))

    def running() -> int:
        return sum(thread.name == "camera" for thread in threading.enumerate())

    before = running()
    with Camera(str(tmp_path)) as camera:
        camera.start()
        assert running() == before + 1
        take(camera, 1)
    camera.close()
    assert wait_for(lambda: running() == before)
    assert camera.state is CameraState.LOST


class Scripted(Source):
    """A device whose grab does what the test says."""

    def __init__(self, grab: Callable[[], None]) -> None:
        self._grab = grab

    def open(self) -> Source:
        return self

    def grab(self) -> None:
        self._grab()

    def retrieve(self) -> np.ndarray:
        return picture(1)


def test_no_error_ends_the_thread(
    open_camera: Callable[..., Camera], monkeypatch: pytest.MonkeyPatch
) -> None:
    errors = iter([RuntimeError("firmware"), MemoryError("huge"), cv2.error("odd")])

    def grab() -> None:
        time.sleep(0.03)
        for error in errors:
            raise error

    monkeypatch.setattr(camera_module, "RETRY_S", 0.05)
    monkeypatch.setattr(camera_module, "make_source", lambda *_: Scripted(grab))
    camera = open_camera("0")
    assert index_of(take(camera, 1)[0].image) == 1
    assert next(errors, None) is None


def test_device_that_hangs_is_lost_and_does_not_hold_up_close(
    open_camera: Callable[..., Camera], monkeypatch: pytest.MonkeyPatch
) -> None:
    hang = threading.Event()
    clock = ShiftedClock()

    def grab() -> None:
        time.sleep(0.03)
        if clock.ahead_s:
            hang.wait(2 * LIMIT_S)

    monkeypatch.setattr(camera_module, "make_source", lambda *_: Scripted(grab))
    camera = open_camera("0", clock)
    assert wait_for(lambda: camera.latest())
    clock.ahead_s = 0.01
    time.sleep(0.2)
    clock.ahead_s = 2
    assert (camera.state, camera.problem) == (CameraState.LOST, "0 stopped delivering")
    started = time.monotonic()
    camera.close()
    assert time.monotonic() - started < LIMIT_S / 2
    hang.set()


# Webcams, as far as a machine without one can tell


def test_missing_webcam_is_named_at_once(open_camera: Callable[..., Camera]) -> None:
    camera = open_camera("/dev/video987")
    assert wait_for(lambda: camera.state is CameraState.LOST)
    assert camera.problem == "no camera at /dev/video987"


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux's video devices")
@pytest.mark.parametrize(("path", "reason"), [("/dev/null", "no camera"), ("file", "not a device")])
def test_what_is_no_camera_is_not_opened(path: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SourceError, match=reason):
        opencv.Webcam(str(tmp_path / path)).open()


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.EBUSY, "camera is busy at /dev/video0"),
        (errno.EACCES, "no permission to use the camera at /dev/video0"),
        (errno.ENXIO, "no camera at /dev/video0"),
    ],
)
def test_webcam_that_does_not_open_tells_why(
    number: int, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(number, "as the kernel says")

    monkeypatch.setattr(v4l2.os, "open", refuse)
    with pytest.raises(SourceError, match=reason):
        opencv.Webcam("0").open()


def test_webcam_that_opens_but_gives_nothing_is_busy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Taken:
        def __init__(self, *_: object) -> None: ...
        def isOpened(self) -> bool:
            return True

        def set(self, *_: object) -> bool:
            return False

        def get(self, *_: object) -> float:
            return 640.0

        def grab(self) -> bool:
            return False

    (tmp_path / "video0").touch()
    monkeypatch.setattr(v4l2, "check_device", lambda _: None)
    monkeypatch.setattr(cv2, "VideoCapture", Taken)
    source = opencv.Webcam(str(tmp_path / "video0")).open()
    with pytest.raises(SourceError, match="camera is busy"):
        source.grab()


def jpeg_of(seed: int) -> bytes:
    picture = np.random.default_rng(seed).integers(0, 255, (48, 64, 3), np.uint8)
    return cv2.imencode(".jpg", cv2.resize(picture, (640, 480)))[1].tobytes()


def without_huffman_tables(jpeg: bytes) -> bytes:
    """The JPEG as some webcams send it: the tables of MJPEG are known."""
    kept, at = jpeg[:2], 2
    while jpeg[at + 1] != 0xDA:
        length = 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        kept += b"" if jpeg[at + 1] == 0xC4 else jpeg[at : at + length]
        at += length
    return kept + jpeg[at:]


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ([jpeg_of(1), jpeg_of(2)[:9000], jpeg_of(3)], [True, False, True]),
        ([jpeg_of(1) + bytes(3000), jpeg_of(2)[:9000]], [True, False]),
        ([jpeg_of(1)[:-2], jpeg_of(2)[:-2]], [True, True]),
        ([without_huffman_tables(jpeg_of(1))], [True]),
        ([b"", b"\xff\xd8"], [False, False]),
    ],
    ids=["half", "padded", "no end mark", "no tables", "nothing"],
)
def test_webcam_shows_whole_jpegs_alone(
    sent: list[bytes], shown: list[bool], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Jpegs:
        def __init__(self, *_: object) -> None:
            self.left = iter(sent)

        def isOpened(self) -> bool:
            return True

        def set(self, *_: object) -> bool:
            return True

        def get(self, name: int) -> float:
            return cv2.VideoWriter.fourcc(*"MJPG") if name == cv2.CAP_PROP_FOURCC else 640

        def grab(self) -> bool:
            return True

        def retrieve(self) -> tuple[bool, np.ndarray]:
            return True, np.frombuffer(next(self.left), np.uint8)[None]

    (tmp_path / "video0").touch()
    monkeypatch.setattr(v4l2, "check_device", lambda _: None)
    monkeypatch.setattr(cv2, "VideoCapture", Jpegs)
    source = opencv.Webcam(str(tmp_path / "video0")).open()
    for expected in shown:
        source.grab()
        image = source.retrieve()
        assert (image is not None) == expected
        assert image is None or image.shape == (480, 640, 3)


def test_opencv_says_nothing_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "bad.mp4").write_bytes(b"\0" * 5000)
    code = (
        "import sys, time, logging; from face_auth.camera import Camera\n"
        "logging.disable()\n"
        "for spec in sys.argv[1:]:\n"
        "    camera = Camera(spec); camera.start(); time.sleep(0.4); camera.close()\n"
    )
    specs = ["/dev/video987", "rtsp://127.0.0.1:1/x", str(tmp_path / "bad.mp4")]
    done = subprocess.run(
        [sys.executable, "-c", code, *specs], capture_output=True, text=True, timeout=600
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_demo_moves_and_differs_by_seed(open_camera: Callable[..., Camera]) -> None:
    first, other = open_camera("demo:1"), open_camera("demo:2")
    frames = take(first, 4)
    assert {frame.image.shape for frame in frames} == {(480, 640, 3)}
    assert all(not np.array_equal(a.image, b.image) for a, b in itertools.pairwise(frames))
    assert not np.array_equal(take(other, 1)[0].image, frames[0].image)
