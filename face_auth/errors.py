"""Exceptions of the face factor. A non-match is a result, not an exception."""

from face_auth.types import Hindrance


class FaceAuthError(Exception):
    """Base of all face_auth errors; never raised itself."""


class AcquisitionError(FaceAuthError):
    """The frame has no usable face; another attempt may succeed."""


class NoFaceError(AcquisitionError):
    """Too few pictures show a face that can be judged.

    Attributes:
        hindrance: What was wrong with most of them; None where nothing stands out.
    """

    def __init__(self, text: str = "", hindrance: Hindrance | None = None) -> None:
        """Keep *text* for the log, and the *hindrance*."""
        super().__init__(text)
        self.hindrance = hindrance


class SamePictureError(NoFaceError):
    """Most pictures were identical to one before: a folder of too few, or a frozen camera."""


class TooFewPicturesError(NoFaceError):
    """The frame rate is too low to judge anybody: the machine or its camera is too slow."""


def hindrance_of(error: object) -> Hindrance | None:
    """Return what was wrong with most pictures where *error* knows it."""
    return error.hindrance if isinstance(error, NoFaceError) else None


class NotOnePersonError(AcquisitionError):
    """The captures do not all show the same person at the login threshold."""


class PresentationAttackError(AcquisitionError):
    """A presentation attack is suspected, or the requested movements were not made."""


class CameraError(FaceAuthError):
    """The camera did not open, or stopped delivering frames."""


class ModelError(FaceAuthError):
    """A network, its card or its cohort is missing, damaged, or belongs to another network."""


class DatasetError(FaceAuthError):
    """A folder of photographs cannot be used as requested; the message says why."""


class GalleryError(FaceAuthError):
    """A stored template or capture is missing, damaged, or was sealed with another key."""
