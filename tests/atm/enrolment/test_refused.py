"""An enrolment that saved nothing says why: to whoever waits, in the log and among the refusals."""

from datetime import UTC, datetime

import cv2
import pytest

import atm.face_checks
from atm.enrolment import refused
from atm.enrolment.hash_and_capture import EnrolmentError
from atm.enrolment.hindrances import too_few
from atm.folder import Kind
from atm.opening import open_machine
from atm.people import Application, Signatures, StaffMember
from atm.settings import Settings
from face_auth.errors import NoFaceError, PresentationAttackError
from face_auth.types import Hindrance, Verdict

ADA = Application("ada", "Ada", 0, "4071", datetime(2026, 11, 29, tzinfo=UTC))
NEAR = Hindrance(Verdict.TOO_NEAR, 28, 30)


class Log:
    def __init__(self) -> None:
        self.entries: list[tuple[str, dict[str, object]]] = []

    def append(self, kind: str, **fields: object) -> None:
        self.entries.append((kind, fields))


def failing(error: EnrolmentError, cause: Exception | None) -> Log:
    log = Log()
    signed = Signatures(StaffMember("ruiz"), StaffMember("okafor"))
    with pytest.raises(EnrolmentError), refused.logged(log, signed, "c1"):
        raise error from cause
    return log


def test_the_log_has_code_cause_and_what_was_wrong_with_most_pictures() -> None:
    error = EnrolmentError("no_face_in_time", "x", NEAR)
    log = failing(error, NoFaceError("0 of 5 usable faces in time", NEAR))
    assert log.entries == [
        (
            "enrolment refused",
            {
                "outcome": "refused",
                "customer": "c1",
                "staff": ["ruiz", "okafor"],
                "reasons": ["no_face_in_time", "0 of 5 usable faces in time", "mostly: too_near"],
            },
        )
    ]


def test_a_suspected_attack_keeps_its_reasons() -> None:
    log = failing(EnrolmentError("not_live", "x"), PresentationAttackError("flat; screen"))
    assert log.entries[0][1]["reasons"] == ["not_live", "flat; screen"]


def test_an_enrolment_that_was_cancelled_is_no_refusal() -> None:
    assert failing(EnrolmentError("cancelled", "x"), None).entries == []


def test_the_sentence_counts_the_pictures_and_says_what_to_do() -> None:
    assert too_few(NEAR) == (
        "The camera took too few good pictures: too near in 28 of 30. Step back, or give whole "
        "photographs instead of face crops. Try again."
    )
    assert too_few(None) == "The camera took too few good pictures. Try again."


@pytest.mark.parametrize("verdict", [each for each in Verdict if each is not Verdict.OK])
def test_every_verdict_has_words(verdict: Verdict) -> None:
    assert "in 3 of 4." in too_few(Hindrance(verdict, 3, 4))


@pytest.mark.faces
def test_a_folder_of_tight_face_crops_is_told_apart(unseen_people, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(atm.face_checks, "PICTURES_LIMIT_S", 6.0)
    _, photographs = unseen_people[0]
    crops = tmp_path / "crops"
    crops.mkdir()
    for path in photographs[:6]:
        cv2.imwrite(str(crops / f"{path.stem}.png"), cv2.imread(str(path))[65:185, 65:185])
    settings = Settings(
        data_dir=tmp_path / "data", key_dir=tmp_path / "keys", kind=Kind.TEST, camera=str(crops),
        network="bundled", liveness="off",
    )  # fmt: skip
    machine = open_machine(settings)
    try:
        staff = machine.first_staff("ruiz", "482913")
        with pytest.raises(EnrolmentError, match=r"too near in \d+ of \d+\. Step back"):
            machine.enrol(ADA, staff=staff)
        (refusal,) = machine.office.refusals(staff=staff)
    finally:
        machine.close()
    assert (refusal.username, refusal.outcome) == (None, "refused")
    assert refusal.reasons[0] == "no_face_in_time"
    assert refusal.reasons[-1] == "mostly: too_near"
