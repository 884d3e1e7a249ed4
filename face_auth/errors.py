"""Exceptions of the face factor. A non-match is a result, not an exception."""


class FaceAuthError(Exception):
    """Base of all face_auth errors; never raised itself."""


class AcquisitionError(FaceAuthError):
    """The frame has no usable face; another attempt may succeed."""


class NoFaceError(AcquisitionError):
    """Nobody is in front of the camera, or the person is too far away to be detected."""


class SamePictureError(NoFaceError):
    """Most pictures were identical to one before: a folder of too few, or a frozen camera."""


class TooFewPicturesError(NoFaceError):
    """The frame rate is too low to judge anybody: the machine or its camera is too slow."""


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
