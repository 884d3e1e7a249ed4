"""What was wrong with most pictures of an enrolment, and what to do, as the commands say it."""

from face_auth.types import Hindrance, Verdict

_IN_WORDS = {
    Verdict.NO_FACE: ("no face", "Place the face in the middle of the picture."),
    Verdict.SEVERAL: ("several people", "Only one person may be in view."),
    Verdict.TOO_FAR: ("too far", "Come closer."),
    Verdict.TOO_NEAR: ("too near", "Step back, or give whole photographs instead of face crops."),
    Verdict.OFF_CENTRE: ("off centre", "Place the face in the middle of the picture."),
    Verdict.TOO_DARK: ("too dark", "Turn the face towards the light."),
    Verdict.TOO_BRIGHT: ("too bright", "Turn away from the bright light."),
    Verdict.BLURRED: ("blurred", "Hold still, or focus the camera."),
    Verdict.TURNED: ("turned away", "Look straight at the camera."),
    Verdict.COVERED: ("covered", "Uncover the face."),
    Verdict.HOLD_STILL: ("moving", "Hold still."),
    Verdict.MOVE: ("too still", "Move the head a little."),
}


def too_few(hindrance: Hindrance | None) -> str:
    """Return the sentence for an enrolment without enough good pictures."""
    if hindrance is None:
        return "The camera took too few good pictures. Try again."
    what, advice = _IN_WORDS[hindrance.verdict]
    count = f"{hindrance.pictures} of {hindrance.of}"
    return f"The camera took too few good pictures: {what} in {count}. {advice} Try again."
