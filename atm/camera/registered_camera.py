"""Camera of one data folder; a live folder accepts only the device that staff registered."""

from collections.abc import Iterator

from atm.camera.registration import CameraChangedError, CameraIdentity, Registration, read_identity
from atm.errors import AtmError
from atm.folder import Kind, check_camera
from atm.people import StaffMember
from atm.ports import MachineLog
from face_auth.camera import Camera
from face_auth.types import CameraState, Frame


class RegisteredCamera:
    """The machine's camera: opened at first use, and checked against the registration."""

    def __init__(
        self, kind: Kind, spec: str, registration: Registration, audit: MachineLog
    ) -> None:
        """Open nothing yet.

        Args:
            kind: Kind of the data folder; only a live one checks the device.
            spec: The setting `camera`.
            registration: File of the registered device.
            audit: The log.
        """
        self._kind = kind
        self._spec = spec
        self._registration = registration
        self._audit = audit
        self._camera: Camera | None = None

    @property
    def camera(self) -> Camera:
        """The camera, started.

        Raises:
            FolderError: If this kind of data folder does not take it.
        """
        return self._camera or self.use(self._spec)

    @property
    def state(self) -> str:
        """Return "ready", "starting" or "lost"."""
        return self._camera.state if self._camera is not None else "lost"

    @property
    def problem(self) -> str:
        """Why the camera may not be used; "" when it may."""
        if self._kind is not Kind.LIVE:
            return ""
        try:
            self._registration.check(read_identity(self._spec))
        except (AtmError, ValueError) as error:
            return str(error)
        return ""

    def allowed(self) -> Camera:
        """Return the camera if it may be used now.

        Raises:
            CameraChangedError: If it is not the registered one, or none is registered.
            FolderError: If this kind of data folder does not take it.
        """
        problem = self.problem
        if problem:
            raise CameraChangedError(problem)
        return self.camera

    def checked(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        """Yield *frames* of the camera, unless another is plugged in meanwhile.

        Raises:
            CameraChangedError: If it is not the registered one any more.
        """
        for frame in frames:
            problem = self.problem
            if not problem:
                yield frame
            elif self.state != CameraState.LOST:  # a lost one may come back
                raise CameraChangedError(problem)

    def use(self, spec: str) -> Camera:
        """Switch to another camera: start and return it, and close the old one.

        Raises:
            FolderError: If this kind of data folder does not take it.
            ValueError: If *spec* names no camera.
        """
        check_camera(self._kind, spec)
        new = Camera(spec)
        old, self._camera, self._spec = self._camera, new, spec  # other threads get the new one
        if old is not None:
            old.close()
        new.start()
        return new

    def register(self, staff: StaffMember) -> CameraIdentity:
        """Register the present camera as the only one of a live data folder; return its identity.

        Raises:
            CameraChangedError: If it cannot be told from others.
        """
        identity = read_identity(self._spec)
        self._audit.append("camera", step="begun", staff=[staff.name])
        known = self._audit.head_stores().get("camera", 0)
        self._registration.register(identity, [staff.name], after=known)
        self._audit.append(
            "camera", step="done", staff=[staff.name], place=identity.bus_path, anchor=True
        )
        return identity

    def close(self) -> None:
        """Close the camera, if it is open."""
        camera, self._camera = self._camera, None
        if camera is not None:
            camera.close()
