"""A customer's export is complete, concerns nobody else, and helps no attacker."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from atm.maintenance.export import export
from credentials.store import CredentialRecord
from face_auth.errors import GalleryError

NOW = "2026-11-23T10:00:00+00:00"
ADA, BOB = "a" * 32, "b" * 32


@pytest.fixture
def ada(bank: Any, face: Callable[[str], Any]) -> CredentialRecord:
    for customer_id, name in ((ADA, "ada"), (BOB, "bob")):
        template_id = f"face-of-{name}"
        record = CredentialRecord(
            customer_id, name, name.title(), bank.hasher.hash(customer_id, "4071"), template_id,
            NOW, NOW,
        )  # fmt: skip
        bank.store.add(record)
        bank.gallery.save(template_id, *face(customer_id))
        bank.ledger.open_account(customer_id, 50_000 if name == "ada" else 77_700)
        bank.audit.append("enrolment", customer=customer_id, staff="Cyd")
    found = bank.store.by_id(ADA)
    assert found is not None
    return found


def exported(bank: Any, record: CredentialRecord) -> dict[str, Any]:
    given = export(record, bank.ledger, bank.gallery, bank.audit.entries, "EUR")
    assert json.loads(json.dumps(given)) == given
    return given  # type: ignore[return-value]


def test_record_consent_account_pictures_and_log_are_given(bank: Any, ada: Any) -> None:
    held = bank.ledger.hold(ADA, 2_000, smallest_note_minor=1000, day_limit_minor=100_000)
    bank.ledger.book(held)
    open_hold = bank.ledger.hold(ADA, 3_000, smallest_note_minor=1000, day_limit_minor=100_000)
    given = exported(bank, ada)
    assert given["customer"] == {
        "id": ADA, "username": "ada", "full name": "Ada", "since": NOW, "has a PIN": True,
        "has a card": False, "served without the face": False,
    }  # fmt: skip
    assert given["consent to the keeping of the face"] == NOW
    assert given["face"]["pictures"] == 5
    (entry,) = given["log"]
    assert (entry["kind"], entry["customer"], entry["staff"]) == ("enrolment", ADA, "Cyd")
    assert given["face"]["taken"] == entry["at"]
    assert given["account"]["balance in minor units"] == 48_000
    lines = given["account"]["transactions"]
    assert [(each["kind"], each["amount in minor units"]) for each in lines] == [
        ("withdrawal", -2_000),
        ("opening", 50_000),
    ]
    (on_hold,) = given["account"]["on hold, in minor units"]
    assert (on_hold["amount"], on_hold["reference"]) == (3_000, open_hold.reference)


def test_nothing_that_opens_the_account_and_nobody_else_is_in_it(bank: Any, ada: Any) -> None:
    bank.audit.append("duplicate face", customer=BOB, face_of=ADA, score=0.71)
    bank.audit.append("suspected fraud", customer=BOB, face_of=ADA)
    bank.audit.append("decision", customer=BOB, outcome="granted")
    text = json.dumps(exported(bank, ada))
    assert "another customer" in text
    assert "fraud" not in text
    bob = bank.store.by_id(BOB)
    for secret in (ada.pin_hash, "argon2", ada.template_id, BOB, bob.username, "77700", "0.71"):
        assert secret not in text
    for each in bank.audit.entries():
        assert each["mac"] not in text


def test_every_transaction_is_given(bank: Any, ada: Any) -> None:
    for _ in range(7):
        held = bank.ledger.hold(ADA, 1_000, smallest_note_minor=1000, day_limit_minor=100_000)
        bank.ledger.book(held)
    assert len(exported(bank, ada)["account"]["transactions"]) == 8


def test_pictures_are_dated_by_the_last_act_that_took_them(bank: Any, ada: Any) -> None:
    bank.audit.append("face", customer=ADA, staff=["Cyd", "Dan"])
    (*_, last) = bank.audit.entries()
    assert exported(bank, ada)["face"]["taken"] == last["at"]


def test_pending_record_has_no_face_and_no_account(bank: Any) -> None:
    at = datetime.now(UTC).isoformat()
    given = exported(bank, CredentialRecord("c" * 32, "cat", "Cat", None, None, None, at))
    assert (given["face"], given["account"], given["log"]) == (None, None, [])
    assert given["customer"]["has a PIN"] is False


def test_what_cannot_be_read_is_not_left_out(bank: Any, ada: Any) -> None:
    bank.gallery.remove(ada.template_id)
    with pytest.raises(GalleryError):
        exported(bank, ada)
