"""Tests of the wire forms: errors keep class and values, faces keep every bit."""

from datetime import UTC, datetime

import numpy as np
import pytest

from atm.accounts import accounts
from atm.enrolment.hash_and_capture import EnrolmentError
from atm.errors import ServiceUnavailable
from atm.fleet.service.bodies import FaceSeen, HoldSent
from atm.fleet.service.decoys import Decoys
from atm.fleet.wire_errors import ERRORS, DuplicateFaceError, decode_error, encode_error
from atm.fleet.wire_faces import (
    ClaimedTemplate,
    FaceWireError,
    pack_claimed,
    pack_face,
    unpack_claimed,
    unpack_face,
)
from atm.fleet.wire_values import face_from_json, face_to_json, hold_from_json, hold_to_json
from atm.people import StaffSignInError
from atm.staff.acts import BalanceError
from credentials.errors import DuplicateUserError, PolicyError, StaleRecordError
from face_auth.gallery import Capture, Template
from face_auth.gallery.invented_people import load_invented
from face_auth.models import load_card, load_cohort
from face_auth.recognition.classifier import CustomerSvm
from face_auth.types import FaceResult, LivenessResult

RAISED = [
    PolicyError("too_long", "A username has at most 64 characters."),
    DuplicateUserError("ada"),
    StaleRecordError("changed"),
    EnrolmentError("not_live", "Again."),
    BalanceError(1500),
    StaffSignInError(),
    DuplicateFaceError("bob", "b" * 32, "aa", "bb"),
    accounts.InsufficientFundsError(700),
    accounts.DayLimitError(300),
    accounts.SettledHoldError(),
    ServiceUnavailable(),
]


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
def test_an_error_is_decoded_as_it_was_encoded(error: Exception) -> None:
    status, body = encode_error(error)
    decoded = decode_error(body)
    assert type(decoded) is type(error) and str(decoded) == str(error) and status >= 400
    assert vars(decoded) == vars(error)


@pytest.mark.parametrize("error", [KeyError("pin 4071"), OSError("/etc/keys"), RuntimeError()])
def test_a_fault_is_encoded_without_its_details(error: Exception) -> None:
    status, body = encode_error(error)
    assert (status, type(decode_error(body))) == (503, ServiceUnavailable)
    assert "4071" not in str(body) and "/etc" not in str(body)


@pytest.mark.parametrize(
    "body", [None, [], {}, {"error": "balance"}, {"error": "no", "fields": {}, "sentence": ""},
             {"error": "balance", "fields": [], "sentence": ""}],
)  # fmt: skip
def test_a_body_that_no_service_sends_is_decoded_as_unavailable(body: object) -> None:
    assert type(decode_error(body)) is ServiceUnavailable


def test_no_two_errors_have_one_code_or_class() -> None:
    assert len({each.code for each in ERRORS}) == len({each.error for each in ERRORS})
    assert len({each.code for each in ERRORS}) == len(ERRORS)


@pytest.fixture
def claimed(rng: np.random.Generator) -> ClaimedTemplate:
    svm = CustomerSvm(rng.normal(size=512).astype(np.float32), -1.25)
    return ClaimedTemplate("ab" * 32, svm, "look_up,turn_left")


def test_what_a_login_needs_arrives_as_it_was(claimed: ClaimedTemplate) -> None:
    again = unpack_claimed(pack_claimed(claimed))
    assert (again.network_sha256, again.excused) == (claimed.network_sha256, claimed.excused)
    assert np.array_equal(again.svm.weights, claimed.svm.weights)
    assert again.svm.bias == claimed.svm.bias


def test_everybody_and_nobody_take_the_same_room(claimed: ClaimedTemplate) -> None:
    lengths = {len(pack_claimed(claimed._replace(excused=each))) for each in (None, "a", "b" * 99)}
    assert len(lengths) == 1


@pytest.fixture
def face(rng: np.random.Generator) -> tuple[Template, list[Capture]]:
    embeddings = rng.normal(size=(5, 512))
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    svm = CustomerSvm(rng.normal(size=512).astype(np.float32), 0.5)
    image = rng.integers(0, 255, (40, 30, 3), dtype=np.uint8)
    capture = Capture(image, (5.0, 5.0, 20.0, 25.0), np.ones((5, 2), np.float32))
    template = Template("", "bundled", "ab" * 32, embeddings.astype(np.float32), svm)
    return template, [capture] * 5


def test_a_new_face_arrives_as_it_was_and_belongs_to_whom_the_service_says(face) -> None:
    template, captures = unpack_face(pack_face(*face), "c" * 32)
    assert template.customer_id == "c" * 32
    assert np.array_equal(template.embeddings, face[0].embeddings)
    assert len(captures) == 5 and np.array_equal(captures[0].image, face[1][0].image)
    assert captures[0].box == face[1][0].box


@pytest.mark.parametrize("wrong", ["long", "nan", "few", "image", "nothing"])
def test_what_is_no_face_is_refused(face, wrong: str) -> None:
    template, captures = face
    embeddings = template.embeddings.copy()
    if wrong == "long":
        embeddings *= 2
    elif wrong == "nan":
        embeddings[0, 0] = np.nan
    elif wrong == "few":
        embeddings = embeddings[:3]
    elif wrong == "image":
        capture = Capture(np.zeros((40, 30), np.uint8), captures[0].box, captures[0].landmarks)
        captures = [capture] * 5
    changed = Template("", "bundled", "ab" * 32, embeddings, template.svm)
    data = b"nothing" if wrong == "nothing" else pack_face(changed, captures)
    with pytest.raises(FaceWireError):
        unpack_face(data, "c" * 32)


def test_a_decoy_is_the_same_each_time_and_like_a_template() -> None:
    card = load_card("bundled")
    cohort = load_cohort(card)
    people = load_invented(card, cohort)
    decoys = Decoys(b"k" * 32, card.sha256, people)
    made = [decoys.of(name) for name in ("ada", "ada", "bob")]
    assert np.array_equal(made[0].svm.weights, made[1].svm.weights)
    assert not np.allclose(made[0].svm.weights, made[2].svm.weights)
    other_key = Decoys(b"o" * 32, card.sha256, people).of("ada")
    assert not np.allclose(made[0].svm.weights, other_key.svm.weights)
    for decoy in made:
        strangers = decoy.svm.score(cohort)
        assert (strangers < card.threshold("1e-4").value).mean() > 0.99


def test_the_service_takes_the_values_that_a_kiosk_writes() -> None:
    hold = accounts.Hold(7, "c" * 32, 5_000, datetime.now(UTC), "7AHNY56W")
    for liveness in (None, LivenessResult(True, 0.5, ("moire",))):
        face = FaceResult("", True, 1.25, 0.5, 3, liveness=liveness)
        seen = FaceSeen.model_validate(face_to_json(face))
        assert face_from_json(seen.model_dump()) == face
    sent = HoldSent.model_validate(hold_to_json(hold))
    assert hold_from_json(sent.model_dump(), hold.customer_id) == hold
