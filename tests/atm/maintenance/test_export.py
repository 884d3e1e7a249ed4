"""A customer's export is complete, concerns nobody else, and helps no attacker."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from atm.consent import ConsentVersion
from atm.maintenance.export import export
from atm.maintenance.printed import WIDTH, printed
from credentials.credential_record import CredentialRecord
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
        "has a card": False, "served without the face": False, "last used": None,
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


def test_the_text_of_the_consent_is_named_and_an_old_record_s_is_unknown(
    bank: Any, ada: CredentialRecord
) -> None:
    assert exported(bank, ada)["text of the consent"] == "version unknown"
    version = ConsentVersion.of(3, "fr", 90, ["Oui"])
    given = exported(bank, replace(ada, consent_version=str(version)))
    assert given["text of the consent"] == {
        "version": 3, "language": "fr", "days without use until deletion": 90,
        "SHA-256": version.sha256,
    }  # fmt: skip


def test_the_print_has_every_fact_of_the_export_in_76_columns(bank: Any, ada: Any) -> None:
    held = bank.ledger.hold(ADA, 2_000, smallest_note_minor=1000, day_limit_minor=100_000)
    bank.ledger.book(held)
    bank.ledger.hold(ADA, 3_000, smallest_note_minor=1000, day_limit_minor=100_000)
    bank.audit.append("decision", customer=ADA, outcome="refused", reasons=["pin: wrong"] * 30)
    ada = replace(ada, consent_version=str(ConsentVersion.of(1, "en", 90, ["Yes"])))
    given = exported(bank, ada)
    text = printed(given, datetime(2026, 11, 24, 8, 5, tzinfo=UTC))
    assert "Printed 2026-11-24 08:05:00." in text
    assert max(map(len, text.splitlines())) <= WIDTH
    assert "480.00 EUR" in text and "-20.00 EUR" in text and "30.00 EUR" in text
    for fact in facts({**given, "account": None, "log": []}):
        assert fact in "".join(text.split()), fact
    assert text.count("pin: wrong") + text.count("pin:\n") >= 30
    for each in given["account"]["transactions"]:
        assert each["reference"] in text


def facts(value: Any) -> Iterator[str]:
    """Yield every text and number in *value*, without spaces."""
    if isinstance(value, dict):
        for each in value.values():
            yield from facts(each)
    elif isinstance(value, str | int) and not isinstance(value, bool):
        yield "".join(str(value).split())


def test_what_cannot_be_read_is_not_left_out(bank: Any, ada: Any) -> None:
    bank.gallery.remove(ada.template_id)
    with pytest.raises(GalleryError):
        exported(bank, ada)
