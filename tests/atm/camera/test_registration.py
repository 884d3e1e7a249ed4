"""A live kiosk's camera: the registered device is accepted, and no other."""

import errno
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from atm.camera import registered_camera
from atm.camera.registered_camera import RegisteredCamera
from atm.camera.registration import CameraChangedError, CameraIdentity, Registration, read_identity
from atm.folder import Kind
from credentials.sealed.seal import Seal
from face_auth.camera import Camera
from face_auth.types import CameraState

SEAL = Seal(b"s" * 32)
WEBCAM = CameraIdentity("0000:00:14.0/1.2", "HD Pro Webcam C920 (046d:082d)", "A1B2C3")


def add_usb(
    sysfs: Path,
    video: str = "video0",
    *,
    bus: str = "usb1",
    port: str = "1-1.2",
    serial: str | None = "A1B2C3",
    controller: str = "pci0000:00/0000:00:14.0",
) -> Path:
    """Describe a USB webcam as the kernel does; return the USB device's folder."""
    device = sysfs / "devices" / controller / bus / "1-1" / port
    node = device / f"{port}:1.0" / "video4linux" / video
    node.mkdir(parents=True)
    (node / "name").write_text("HD Pro Webcam C920\n")
    (node / "device").symlink_to("../..")
    texts = {"busnum": "1", "devpath": port.partition("-")[2], "idVendor": "046d"}
    texts |= {"idProduct": "082d"} | ({} if serial is None else {"serial": serial})
    for name, text in texts.items():
        (device / name).write_text(text + "\n")
    listed = sysfs / "class" / "video4linux"
    listed.mkdir(parents=True, exist_ok=True)
    (listed / video).symlink_to(node)
    return device


@pytest.fixture
def sysfs(tmp_path: Path) -> Path:
    return tmp_path / "sys"


@pytest.fixture
def registration(tmp_path: Path) -> Registration:
    return Registration(tmp_path / "camera.json", SEAL)


def test_a_webcam_is_its_port_its_name_and_its_serial(sysfs: Path) -> None:
    add_usb(sysfs)
    assert read_identity("0", sysfs=sysfs) == WEBCAM


def test_every_way_to_name_a_device_gives_the_same(sysfs: Path, tmp_path: Path) -> None:
    add_usb(sysfs, "video2")
    devices = tmp_path / "dev"
    (devices / "v4l" / "by-id").mkdir(parents=True)
    (devices / "video2").touch()
    (devices / "v4l" / "by-id" / "usb-C920").symlink_to("../../video2")
    for spec in ("2", "/dev/video2", "/dev/v4l/by-id/usb-C920"):
        assert read_identity(spec, sysfs=sysfs, devices=devices) == WEBCAM


def test_number_of_bus_or_device_file_may_change_with_a_restart(sysfs: Path) -> None:
    add_usb(sysfs, "video3", bus="usb3")
    assert read_identity("3", sysfs=sysfs) == WEBCAM


@pytest.mark.parametrize(
    ("other", "differs"),
    [
        ({"port": "1-1.3"}, "bus_path"),
        ({"controller": "pci0000:00/0000:00:15.0"}, "bus_path"),
        ({"serial": "Z9"}, "serial"),
        ({"serial": None}, "serial"),
    ],
)
def test_another_port_or_another_device_is_another_camera(
    sysfs: Path, registration: Registration, other: dict[str, str], differs: str
) -> None:
    add_usb(sysfs, **other)  # type: ignore[arg-type]
    found = read_identity("0", sysfs=sysfs)
    assert replace(found, **{differs: getattr(WEBCAM, differs)}) == WEBCAM
    registration.register(WEBCAM, ["Ada"])
    with pytest.raises(CameraChangedError, match=r"^Camera changed\. Ask staff\.$"):
        registration.check(found)


def test_a_camera_on_the_board_is_its_place_and_name(sysfs: Path) -> None:
    node = sysfs / "devices" / "platform" / "soc" / "fe801000.csi" / "video4linux" / "video0"
    node.mkdir(parents=True)
    (node / "name").write_text("unicam-image\n")
    (node / "device").symlink_to("../..")
    (sysfs / "class" / "video4linux").mkdir(parents=True)
    (sysfs / "class" / "video4linux" / "video0").symlink_to(node)
    expected = CameraIdentity("devices/platform/soc/fe801000.csi", "unicam-image", "")
    assert read_identity("0", sysfs=sysfs) == expected


def test_a_program_that_acts_as_a_camera_is_refused(sysfs: Path) -> None:
    node = sysfs / "devices" / "virtual" / "video4linux" / "video0"
    node.mkdir(parents=True)
    (node / "name").write_text("Dummy video device\n")
    (sysfs / "class" / "video4linux").mkdir(parents=True)
    (sysfs / "class" / "video4linux" / "video0").symlink_to(node)
    with pytest.raises(CameraChangedError, match="a program, not a device"):
        read_identity("0", sysfs=sysfs)


@pytest.mark.parametrize("spec", ["0", "7", "/dev/video0", "/dev/v4l/by-id/usb-C920"])
def test_an_absent_camera_is_a_sentence(sysfs: Path, tmp_path: Path, spec: str) -> None:
    with pytest.raises(CameraChangedError, match=re.escape(f"There is no camera at {spec}")):
        read_identity(spec, sysfs=sysfs, devices=tmp_path / "dev")


def test_a_link_to_something_else_is_no_camera(sysfs: Path, tmp_path: Path) -> None:
    add_usb(sysfs)
    by_id = tmp_path / "dev" / "v4l" / "by-id"
    by_id.mkdir(parents=True)
    (tmp_path / "dev" / "sda").touch()
    (by_id / "disk").symlink_to("../../sda")
    with pytest.raises(CameraChangedError, match="There is no camera"):
        read_identity("/dev/v4l/by-id/disk", sysfs=sysfs, devices=tmp_path / "dev")


def test_a_stream_is_its_address_without_user_and_password() -> None:
    stream = read_identity("https://kiosk:secret@Door.bank:8443/live")
    assert stream == CameraIdentity("https://door.bank:8443/live", "", "")
    assert read_identity("https://other:word@door.bank:8443/live") == stream
    assert read_identity("https://door.bank:8444/live") != stream


def test_another_channel_is_another_camera_and_no_query_is_kept() -> None:
    first, second = (read_identity(f"https://door.bank/live?channel={n}") for n in (1, 2))
    assert first != second
    assert "channel" not in repr(first)


@pytest.mark.parametrize("spec", ["http://door/live", "demo", "clip.mp4"])
def test_nothing_else_can_be_registered(spec: str) -> None:
    with pytest.raises(CameraChangedError, match="Only a webcam or a TLS stream"):
        read_identity(spec)


def test_a_kiosk_knows_its_camera_after_a_restart(
    registration: Registration, tmp_path: Path
) -> None:
    registration.register(WEBCAM, ["Ada"])
    again = Registration(tmp_path / "camera.json", SEAL)
    again.check(WEBCAM)
    assert again.camera == WEBCAM


def test_before_any_registration_no_camera_will_do(registration: Registration) -> None:
    assert registration.camera is None
    with pytest.raises(CameraChangedError, match=r"^Camera not registered\. Ask staff\.$"):
        registration.check(WEBCAM)


def test_altered_registration_is_refused_until_staff_register_again(
    registration: Registration, tmp_path: Path
) -> None:
    registration.register(WEBCAM, ["Ada"])
    path = tmp_path / "camera.json"
    path.write_text(path.read_text().replace("A1B2C3", "Z9Z9Z9"))
    fresh = Registration(path, SEAL)
    with pytest.raises(CameraChangedError, match="altered"):
        fresh.check(replace(WEBCAM, serial="Z9Z9Z9"))
    fresh.register(WEBCAM, ["Ada"], after=1)
    fresh.check(WEBCAM)
    assert fresh.generation == 2


def test_a_camera_that_is_pulled_out_while_it_is_read_is_absent(
    sysfs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = add_usb(sysfs)
    read = Path.read_text

    def vanish(path: Path, *arguments: Any) -> str:
        if path == device / "serial":
            raise OSError(errno.ENODEV, "No such device")
        return read(path, *arguments)

    monkeypatch.setattr(Path, "read_text", vanish)
    with pytest.raises(CameraChangedError, match="There is no camera at 0"):
        read_identity("0", sysfs=sysfs)


@pytest.fixture
def live(registration: Registration, monkeypatch: pytest.MonkeyPatch) -> RegisteredCamera:
    """The registered camera of a live folder, ready."""
    registration.register(WEBCAM, ["Ada"])
    camera = RegisteredCamera(Kind.LIVE, "0", registration, cast(Any, None))
    present: Any = SimpleNamespace(identity=WEBCAM, state=CameraState.READY)
    monkeypatch.setattr(registered_camera, "read_identity", lambda _: present.identity)
    camera._camera = present
    return camera


def frames_of(camera: RegisteredCamera, *identities: CameraIdentity) -> Iterator[Any]:
    """Frames of cameras that are put in one after the other; a frame is its camera's identity."""
    for identity in identities:
        cast(Any, camera._camera).identity = identity
        yield identity


def test_an_attempt_gets_no_frame_of_a_camera_that_was_put_in_meanwhile(
    live: RegisteredCamera,
) -> None:
    frames = live.checked(frames_of(live, WEBCAM, replace(WEBCAM, serial="Z9")))
    assert next(frames) == WEBCAM
    with pytest.raises(CameraChangedError, match=r"^Camera changed\. Ask staff\.$"):
        next(frames)


def test_a_camera_with_a_loose_contact_gets_its_time_to_come_back(live: RegisteredCamera) -> None:
    cast(Any, live._camera).state = CameraState.LOST
    absent = replace(WEBCAM, bus_path="")
    assert list(live.checked(frames_of(live, WEBCAM, absent, WEBCAM))) == [WEBCAM, WEBCAM]


def test_nobody_registers_nothing(registration: Registration) -> None:
    with pytest.raises(ValueError, match="name"):
        registration.register(WEBCAM, [])


def test_who_asks_while_the_camera_is_exchanged_gets_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closing a camera takes seconds where its read hangs, and the window asks meanwhile."""
    camera = RegisteredCamera(Kind.DEMO, "demo:0", cast(Any, None), cast(Any, None))
    old = camera.camera
    asked: list[Camera] = []
    close = Camera.close

    def slow_close(self: Camera) -> None:
        asked.append(camera.camera)
        close(self)

    monkeypatch.setattr(Camera, "close", slow_close)
    new = camera.use("demo:1")
    assert asked == [new]
    assert new is not old
    camera.close()
    assert new.state == old.state == "lost"
