"""What this kiosk says of itself to the bank's service."""

from atm.fleet.kiosk_kind import LONGEST_CAMERA, KioskReport
from atm.folder import Kind
from atm.settings import Settings
from atm.stores import KioskStores
from face_auth.camera.sources import source_kind


def report_of(settings: Settings, stores: KioskStores) -> KioskReport:
    """Return kind, liveness check and camera of a kiosk with its own *stores*.

    Raises:
        CameraChangedError: If the registration of the camera was altered.
        ValueError: If the setting names no camera.
    """
    kind = stores.folder.kind
    if kind is Kind.LIVE:
        registered = stores.registration.camera
        parts = (registered.bus_path, registered.name, registered.serial) if registered else ()
        camera = " ".join(part for part in parts if part)
    else:
        camera = source_kind(settings.camera).value
    return KioskReport(kind.value, settings.liveness, camera[:LONGEST_CAMERA])
