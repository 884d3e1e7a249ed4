"""What can go wrong in the face factor; a non-match is a result, never one of these."""


class FaceAuthError(Exception):
    """Base of all face_auth errors; never raised itself."""


class AcquisitionError(FaceAuthError):
    """No usable face in the frame; trying again may help."""


class NoFaceError(AcquisitionError):
    """Nobody is in front of the camera, or too far away to be seen."""


class TooFewPicturesError(NoFaceError):
    """Pictures came too seldom to judge anybody by: the machine, or its camera, is too slow."""


class MultipleFacesError(AcquisitionError):
    """More than one person could be meant."""


class NotOnePersonError(AcquisitionError):
    """The captures do not all show the same person at the login threshold."""


class PresentationAttackError(AcquisitionError):
    """A picture of a face is suspected, or what was asked for was not done."""


class CameraError(FaceAuthError):
    """The camera did not open, or stopped delivering frames."""


class ModelError(FaceAuthError):
    """A network, its card or its cohort is missing, damaged, or of another network."""


class DatasetError(FaceAuthError):
    """Photographs or folders of them are not what was asked for; the sentence says why."""


class GalleryError(FaceAuthError):
    """A stored template or capture is missing, damaged, or was sealed with another key."""
