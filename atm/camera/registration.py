"""Identity of a live data folder's camera: read from the system, registered and compared.

A device is identified by its place on the bus, its name and its serial number. A device made for
the purpose can imitate all three; the comparison detects an ordinary other camera in its place.
"""

import contextlib
import hashlib
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from atm.errors import AtmError
from credentials.errors import CredentialError, DamagedStoreError
from credentials.sealed.files import JsonObject
from credentials.sealed.record_file import RecordFile
from credentials.sealed.seal import Seal
from face_auth.camera.address import parse_address
from face_auth.camera.sources import SourceKind, source_kind

REGISTRATION_FILE = "camera.json"

_DEVICE = re.compile("video[0-9]{1,3}", re.ASCII)
_LONGEST = 200


class CameraChangedError(AtmError):
    """The camera is not the registered one, or none is registered."""


@dataclass(frozen=True, slots=True)
class CameraIdentity:
    """Identity of one camera.

    Attributes:
        bus_path: Its place: USB controller and ports ("0000:00:14.0/1.2"), the path of
            another device, or the address of a stream without user and password.
        name: As the device says, with vendor and product ("HD Webcam (046d:082d)"); "" of a stream,
            whose certificate is checked at each connection.
        serial: As the device says; "" where it has none. Of a stream, the start of a SHA-256 of its
            query, which may choose a channel and may hold a password.
    """

    bus_path: str
    name: str
    serial: str


def read_identity(
    spec: str, *, sysfs: Path = Path("/sys"), devices: Path = Path("/dev")
) -> CameraIdentity:
    """Return the identity of the camera that *spec* names, without opening a webcam.

    Args:
        spec: A webcam ("0", "/dev/video0", "/dev/v4l/by-id/...") or the address of a TLS stream.
        sysfs: Folder in which the kernel describes its devices.
        devices: Folder of the device files.

    Raises:
        CameraChangedError: If it is neither, is not plugged in, or is not a device but a program
            that acts as one (v4l2loopback).
        ValueError: If *spec* names no camera.
    """
    kind = source_kind(spec)
    if kind is SourceKind.TLS_STREAM:
        address = parse_address(spec)
        query = hashlib.sha256(address.query.encode()).hexdigest()[:16] if address.query else ""
        netloc = address.netloc.lower()
        return CameraIdentity(f"{address.scheme}://{netloc}{address.path}", "", query)
    if kind is not SourceKind.WEBCAM:
        raise CameraChangedError("Only a webcam or a TLS stream can be registered.")
    name = f"video{spec}" if spec.isdecimal() else _device_name(spec, devices)
    try:
        node = (sysfs / "class" / "video4linux" / name).resolve(strict=True)
        if node.is_relative_to(sysfs.resolve() / "devices" / "virtual"):
            raise CameraChangedError(f"The camera at {spec} is a program, not a device. Ask staff.")
        described = _text(node / "name")
        place = (node / "device").resolve(strict=True)
        for parent in (place, *place.parents):
            if parent == sysfs.resolve():
                break
            if (parent / "busnum").exists() and (parent / "devpath").exists():
                return _usb(parent, described)
    except OSError as error:
        raise CameraChangedError(
            f"There is no camera at {spec} that can be registered. Plug it in, or ask staff."
        ) from error
    return CameraIdentity(str(place.relative_to(sysfs.resolve())), described, "")


class Registration:
    """Sealed file with the registered camera of one data folder."""

    def __init__(self, path: Path, seal: Seal) -> None:
        """Use the file *path*, whose folder exists; nothing is opened yet."""
        self._file = RecordFile(path, _parse, seal)

    @property
    def generation(self) -> int:
        """Number of registrations so far; the audit log remembers it.

        Raises:
            CameraChangedError: If the file cannot be read, or was altered.
        """
        try:
            return self._file.generation
        except CredentialError as error:
            raise CameraChangedError(str(error)) from error

    @property
    def camera(self) -> CameraIdentity | None:
        """The registered camera, None if none is.

        Raises:
            CameraChangedError: If the file cannot be read, or was altered.
        """
        try:
            return self._file.read()
        except CredentialError as error:
            raise CameraChangedError(str(error)) from error

    def register(self, identity: CameraIdentity, by: Sequence[str], *, after: int = 0) -> None:
        """Make *identity* the only accepted camera.

        Args:
            identity: The camera.
            by: Names of those who sign.
            after: The generation that the audit log remembers; an altered registration is
                replaced too.

        Raises:
            CameraChangedError: If it cannot be written down.
            ValueError: If nobody signs.
        """
        if not by:
            raise ValueError("a registration needs a name")
        try:
            with contextlib.suppress(DamagedStoreError):
                after = max(after, self._file.generation)
            self._file.rewrite([{**asdict(identity), "by": list(by)}], after + 1)
        except CredentialError as error:
            raise CameraChangedError(str(error)) from error

    def check(self, identity: CameraIdentity) -> None:
        """Check that *identity* is the registered camera.

        Raises:
            CameraChangedError: If it is another one, none is registered, or the file was altered.
        """
        registered = self.camera
        if registered is None:
            raise CameraChangedError("Camera not registered. Ask staff.")
        if registered != identity:
            raise CameraChangedError("Camera changed. Ask staff.")


def _device_name(spec: str, devices: Path) -> str:
    path = devices / Path(spec).relative_to("/dev")
    try:
        name = path.resolve(strict=True).name
    except (OSError, RuntimeError) as error:
        raise CameraChangedError(
            f"There is no camera at {spec}. Plug it in, or ask staff."
        ) from error
    if not _DEVICE.fullmatch(name):
        raise CameraChangedError(f"There is no camera at {spec}. Plug it in, or ask staff.")
    return name


def _usb(device: Path, described: str) -> CameraIdentity:
    # Bus numbers are given anew at each start, so the controller stands for its bus.
    root_hub = device
    while not re.fullmatch("usb[0-9]+", root_hub.name) and root_hub != root_hub.parent:
        root_hub = root_hub.parent
    vendor, product = (_text(device / name) for name in ("idVendor", "idProduct"))
    return CameraIdentity(
        bus_path=f"{root_hub.parent.name}/{_text(device / 'devpath')}",
        name=f"{described} ({vendor}:{product})",
        serial=_text(device / "serial"),
    )


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace").strip()[:_LONGEST]
    except FileNotFoundError:
        return ""


def _parse(records: list[JsonObject]) -> CameraIdentity | None:
    if not records:
        return None
    (record, *more) = records
    found = {name: record.get(name) for name in CameraIdentity.__match_args__}
    texts = {name: value for name, value in found.items() if isinstance(value, str)}
    if more or record.keys() != {*found, "by"} or texts.keys() != found.keys():
        raise ValueError("it is no registration that this program wrote")
    return CameraIdentity(**texts)
