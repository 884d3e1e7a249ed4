"""What one side writes of a value, the other reads as the same value."""

import json
from datetime import UTC, datetime

import numpy as np
import pytest

from atm.accounts.accounts import Hold, Transaction, Withdrawal
from atm.fleet import wire_values as wire
from atm.people import Customer
from atm.staff.refusals import Refusal
from face_auth.types import FaceResult, LivenessResult

AT = datetime(2026, 11, 28, 21, 41, 10, 197808, UTC)
CUSTOMER = Customer("c" * 32, "jose", "José Núñez")
NOT_LIVE = LivenessResult(False, -3.5, ("moire", "edge"))
FACE = FaceResult("", True, 1.25, 0.5, 3, liveness=NOT_LIVE)
HOLD = Hold(7, CUSTOMER.customer_id, 5_000, AT, "7AHNY56W")


def sent(value: dict[str, object]) -> dict[str, object]:
    found = json.loads(json.dumps(value))
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    ("value", "write", "read"),
    [
        (CUSTOMER, wire.customer_to_json, wire.customer_from_json),
        (
            Transaction("withdrawal", -12_000, 123_000, AT, "TW36VOIP"),
            wire.transaction_to_json,
            wire.transaction_from_json,
        ),
        (
            Withdrawal("TW36VOIP", 12_000, 123_000),
            wire.withdrawal_to_json,
            wire.withdrawal_from_json,
        ),
        (
            Refusal(AT, None, "refused", ("pin: wrong_pin", "face: match"), 2),
            wire.refusal_to_json,
            wire.refusal_from_json,
        ),
        (HOLD, wire.hold_to_json, lambda found: wire.hold_from_json(found, HOLD.customer_id)),
        (FACE, wire.face_to_json, wire.face_from_json),
        (FaceResult("", False, -0.1, 0.5, 3), wire.face_to_json, wire.face_from_json),
    ],
)
def test_a_value_arrives_as_it_was_sent(value, write, read) -> None:
    assert read(sent(write(value))) == value


def test_a_face_is_sent_without_whose_it_is_and_without_its_embedding() -> None:
    face = FaceResult("c" * 32, True, 1.0, 0.5, 3, embedding=np.ones(512, np.float32))
    text = json.dumps(wire.face_to_json(face))
    assert "c" * 32 not in text and "embedding" not in text
    assert wire.face_from_json(json.loads(text)).customer_id == ""


def test_a_hold_is_sent_without_whose_it_is() -> None:
    assert HOLD.customer_id not in json.dumps(wire.hold_to_json(HOLD))


@pytest.mark.parametrize("text", ["no base64!", "a", "====", "YQ==\n"])
def test_what_is_no_base64_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        wire.from_base64(text)
    assert wire.from_base64(wire.to_base64(b"\0\xff")) == b"\0\xff"
