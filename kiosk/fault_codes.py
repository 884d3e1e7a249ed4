"""Fault codes: the short public code for each error that takes the kiosk out of service.

docs/out-of-service.md says of each code what it means and what staff do.
"""

from __future__ import annotations

from atm.accounts.accounts import LedgerError
from atm.errors import ServiceUnavailable
from atm.folder import FolderError
from atm.people import StaffError
from credentials.errors import CredentialError
from face_auth.errors import CameraError, GalleryError, ModelError

OTHER = "E-OTHER"


def code_of(error: BaseException) -> str:
    """Return the code of *error*: that of its class, else that of its cause."""
    known = _known()
    cause: BaseException | None = error
    while cause is not None:
        for code, classes in known.items():
            if isinstance(cause, classes):
                return code
        cause = cause.__cause__
    return OTHER


def codes() -> list[str]:
    """Return every code."""
    return [*_known(), OTHER]


def _known() -> dict[str, tuple[type[BaseException], ...]]:
    """Return the classes of each code; the first code that fits counts.

    The stores and their ciphers take 0.1 s to import, which the first paint does not wait for.
    """
    from atm.audit import AuditError
    from atm.camera.registration import CameraChangedError
    from atm.errors import NotApprovedError
    from atm.keys.keys import KeysError
    from atm.login.pause import PauseError
    from atm.stores import StaleStoreError

    return {
        "E-KEY": (KeysError,),
        "E-FOLDER": (FolderError,),
        "E-APPROVAL": (NotApprovedError,),
        "E-OLD": (StaleStoreError,),
        "E-LOG": (AuditError,),
        "E-SERVICE": (ServiceUnavailable,),
        "E-DATA": (LedgerError, PauseError, StaffError, CredentialError, GalleryError),
        "E-MODEL": (ModelError,),
        "E-CAMERA": (CameraError, CameraChangedError),
        "E-DISK": (OSError,),
    }
