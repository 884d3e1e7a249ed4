"""An enrolment saves everything or nothing, also when the program dies."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from atm.audit import AuditError
from atm.consent import ConsentVersion
from atm.enrolment.duplicate_face import DuplicateQuestion
from atm.enrolment.enrolment import EnrolmentError, opening_limit_minor
from atm.enrolment.hash_and_capture import plain_errors
from atm.folder import Kind
from atm.people import Application, SecondSignatureError, Signatures, StaffMember
from atm.settings import Settings
from credentials.credential_record import CredentialRecord
from credentials.errors import DuplicateUserError, PolicyError
from face_auth.errors import (
    CameraError,
    GalleryError,
    NoFaceError,
    NotOnePersonError,
    SamePictureError,
)
from tests.patience import LIMIT_S

RUIZ = StaffMember("ruiz")
ADA = Application("ada", "Ada Lovelace", 50_000, "4071", datetime.now(UTC))


def empty(bank) -> bool:
    return not (bank.store.all() or bank.gallery.ids() or bank.ledger.customer_ids())


def test_an_enrolled_customer_has_pin_face_and_account(bank, face) -> None:
    customer = bank.enrolment().enrol(ADA, RUIZ, lambda customer, stop: face(customer))
    record = bank.store.get("ADA")
    assert record is not None
    assert record.customer_id == customer.customer_id
    assert bank.hasher.verify(record.pin_hash, customer.customer_id, "4071")
    template = bank.gallery.load(record.template_id, customer.customer_id)
    assert template.embeddings.shape == (5, 512)
    assert len(bank.gallery.load_captures(record.template_id, customer.customer_id)) == 5
    assert bank.ledger.balance(customer.customer_id) == 50_000
    assert record.consent_at is not None


@pytest.mark.parametrize("version", [None, ConsentVersion.of(3, "es", 90, ["¿Podemos?"])])
def test_the_version_of_the_consent_stands_in_the_record(bank, face, version) -> None:
    read = replace(ADA, consent=version)
    bank.enrolment().enrol(read, RUIZ, lambda customer, stop: face(customer))
    both = Signatures(RUIZ, StaffMember("okafor"))
    bank.enrolment().enrol_attended(replace(read, username="bob"), both)
    for name in ("ada", "bob"):
        kept = bank.store.get(name).consent_version
        assert ConsentVersion.read(kept) == version
        assert (kept is None) is (version is None)


def test_the_opening_balance_stands_in_the_log(bank, face) -> None:
    bank.enrolment().enrol(ADA, RUIZ, lambda customer, stop: face(customer))
    begun, done = bank.audit.tail(2, "enrolment")
    assert begun["amount_minor"] == done["amount_minor"] == 50_000


def test_two_sign_a_balance_above_the_limit(bank, face) -> None:
    limited = bank.enrolment(opening_limit_minor=49_999)
    with pytest.raises(SecondSignatureError):
        limited.enrol(ADA, RUIZ, lambda customer, stop: face(customer))
    assert empty(bank) and not bank.audit.tail(1, "enrolment")
    both = Signatures(RUIZ, StaffMember("okafor"))
    limited.enrol(ADA, both, lambda customer, stop: face(customer))
    assert bank.audit.tail(1, "enrolment")[0]["staff"] == ["ruiz", "okafor"]


@pytest.mark.parametrize(
    ("kind", "limit", "minor"),
    [
        (Kind.LIVE, None, 0),
        (Kind.TEST, None, None),
        (Kind.DEMO, None, None),
        (Kind.LIVE, 20, 2_000),
        (Kind.TEST, 0, 0),
    ],
)
def test_a_live_folder_opens_empty_accounts_unless_two_sign(kind, limit, minor) -> None:
    assert opening_limit_minor(Settings(opening_limit=limit), kind) == minor


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NoFaceError("x"), "no_face_in_time"),
        (NotOnePersonError("x"), "not_one_person"),
        (CameraError("x"), "camera_lost"),
    ],
)
def test_a_failed_capture_saves_nothing_and_says_why(bank, error, code) -> None:
    def fail(customer_id, stop):
        raise error

    with pytest.raises(EnrolmentError) as caught:
        bank.enrolment().enrol(ADA, RUIZ, fail)
    assert caught.value.code == code
    assert empty(bank)


def test_a_camera_without_pictures_is_named(bank) -> None:
    def capture(customer_id, stop):
        raise CameraError("no video at /nonexistent: No such file or directory")

    with pytest.raises(EnrolmentError, match="gives no pictures: no video at /nonexistent: No "):
        bank.enrolment().enrol(ADA, RUIZ, capture)


def test_a_failed_pin_stops_the_capture_and_saves_nothing(bank, face, monkeypatch) -> None:
    monkeypatch.setattr(bank.hasher, "hash", lambda *_: 1 / 0)
    stopped = []

    def capture(customer_id, stop):
        stopped.append(stop.wait(LIMIT_S))
        return face(customer_id)

    with pytest.raises(ZeroDivisionError):
        bank.enrolment().enrol(ADA, RUIZ, capture)
    assert stopped == [True]
    assert empty(bank)


def test_cancelling_saves_nothing(bank, face) -> None:
    cancel = threading.Event()

    def capture(customer_id, stop):
        cancel.set()
        return face(customer_id)

    with pytest.raises(EnrolmentError) as caught:
        bank.enrolment().enrol(ADA, RUIZ, capture, cancel=cancel)
    assert caught.value.code == "cancelled"
    assert empty(bank)


@pytest.mark.parametrize(
    ("part", "call"),
    [
        ("gallery.save", 1),
        ("ledger.open_account", 1),
        ("audit.append", 1),
        ("store.add", 1),
        ("audit.append", 2),
    ],
)
def test_a_store_that_fails_leaves_nothing(bank, face, monkeypatch, part, call) -> None:
    owner, method = part.split(".")
    right, calls = getattr(getattr(bank, owner), method), []

    def fail(*given, **named):
        calls.append(given)
        if len(calls) == call:
            raise AuditError("disk full")
        return right(*given, **named)

    monkeypatch.setattr(getattr(bank, owner), method, fail)
    with pytest.raises(AuditError):
        bank.enrolment().enrol(ADA, RUIZ, lambda customer, stop: face(customer))
    assert empty(bank)


def test_bad_input_is_refused_before_anything_starts(bank) -> None:
    def never(customer_id, stop):
        raise AssertionError("the camera was asked")

    for bad in (replace(ADA, pin="123"), replace(ADA, username=" "), replace(ADA, full_name="")):
        with pytest.raises(PolicyError):
            bank.enrolment().enrol(bad, RUIZ, never)


def test_a_taken_name_is_refused_and_a_pending_one_is_completed(bank, face) -> None:
    pending = CredentialRecord(
        "0" * 32, "ada", "ada", None, None, None, "2026-01-01T00:00:00+00:00"
    )
    bank.store.add(pending)
    customer = bank.enrolment().enrol(ADA, RUIZ, lambda customer, stop: face(customer))
    assert customer.customer_id == "0" * 32
    with pytest.raises(DuplicateUserError):
        bank.enrolment().enrol(
            replace(ADA, username="ADA"), RUIZ, lambda customer, stop: face(customer)
        )


def enrolled_twice(bank, face, ask):
    """Enrol somebody whose face is close to the one of Grace."""
    picture = np.zeros((4, 4, 3), np.uint8)
    bank.alike = DuplicateQuestion(picture, picture, "grace", "9" * 32)
    return bank.enrolment().enrol(ADA, RUIZ, lambda customer, stop: face(customer), ask=ask)


def entries(bank, kind: str) -> list[dict]:
    return bank.audit.tail(9, kind)


@pytest.mark.parametrize("ask", [None, lambda question: None])
def test_a_face_like_another_customers_is_not_enrolled_without_a_second_signature(
    bank, face, ask
) -> None:
    with pytest.raises(EnrolmentError) as caught:
        enrolled_twice(bank, face, ask)
    assert caught.value.code == "duplicate_face"
    assert empty(bank)
    assert entries(bank, "duplicate face")[0]["outcome"] == "refused"


def test_one_member_of_staff_cannot_sign_twice_for_a_twin(bank, face) -> None:
    with pytest.raises(SecondSignatureError):
        enrolled_twice(bank, face, lambda question: StaffMember("RUIZ"))
    assert empty(bank)


def test_a_twin_is_enrolled_with_two_signatures_and_the_log_keeps_it(bank, face) -> None:
    asked = []

    def ask(question):
        asked.append(question.username)
        return StaffMember("okafor")

    customer = enrolled_twice(bank, face, ask)
    assert asked == ["grace"]
    (entry,) = entries(bank, "duplicate face")
    assert (entry["customer"], entry["face_of"]) == (customer.customer_id, "9" * 32)
    assert entry["staff"] == ["ruiz", "okafor"]


def test_an_applications_repr_hides_the_pin() -> None:
    assert "4071" not in repr(ADA)


def test_a_template_does_not_open_for_another_customer(bank, face) -> None:
    customer = bank.enrolment().enrol(ADA, RUIZ, lambda customer, stop: face(customer))
    template_id = bank.store.by_id(customer.customer_id).template_id
    with pytest.raises(GalleryError):
        bank.gallery.load(template_id, "somebody else")


KILLED = textwrap.dedent("""
    import sys
    from pathlib import Path
    sys.path.insert(0, sys.argv[2])
    import conftest
    from datetime import UTC, datetime
    from atm.people import Application
    from atm.people import StaffMember

    RUIZ = StaffMember("ruiz")
    bank = conftest.open_bank.__wrapped__(Path(sys.argv[1]))()
    make = conftest.face.__wrapped__()
    number = int(sys.argv[3])
    while True:
        name = f"customer{number}"
        application = Application(name, name, 100, "4071", datetime.now(UTC))
        bank.enrolment().enrol(application, RUIZ, lambda customer, stop: make(customer))
        print(name, flush=True)
        number += 1
""")


def test_a_kill_at_any_moment_leaves_whole_customers_only(open_bank, tmp_path) -> None:
    acknowledged: set[str] = set()
    here = Path(__file__).parents[1]  # where conftest is
    for round_ in range(8):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(tmp_path), str(here), str(1000 * round_)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(here.parent.parent)},
        )
        acknowledged |= {process.stdout.readline().strip() for _ in range(1 + round_ % 3)}
        time.sleep(0.017 * round_)
        process.send_signal(signal.SIGKILL)
        acknowledged |= {line.strip() for line in process.stdout if line.endswith("\n")}
        process.wait()
        bank = open_bank()
        bank.remove_unfinished_enrolments()
        records = bank.store.all()
        assert acknowledged <= {record.username for record in records}
        assert bank.gallery.ids() == {record.template_id for record in records}
        assert bank.ledger.customer_ids() == {record.customer_id for record in records}
        for record in records:
            bank.gallery.load(record.template_id, record.customer_id)
    assert len(acknowledged) > 8


def test_unfinished_enrolments_are_removed_and_customers_are_not(bank, face, open_bank) -> None:
    bank.enrolment().enrol(ADA, RUIZ, lambda customer, stop: face(customer))
    bank.gallery.save("unfinished", *face("nobody"))
    bank.ledger.open_account("f" * 32, 100)
    again = open_bank()
    assert again.remove_unfinished_enrolments() == 2
    record = again.store.get("ada")
    assert again.gallery.ids() == {record.template_id}
    assert again.ledger.customer_ids() == {record.customer_id}


def test_a_customer_who_lacks_a_pin_keeps_the_account_and_is_not_enrolled_again(
    bank, face, open_bank
) -> None:
    customer = bank.enrolment().enrol(ADA, RUIZ, lambda customer, stop: face(customer))
    bank.store.replace(replace(bank.store.get("ada"), pin_hash=None))
    again = open_bank()
    assert again.remove_unfinished_enrolments() == 0
    with pytest.raises(DuplicateUserError):
        again.enrolment().enrol(ADA, RUIZ, lambda customer, stop: face(customer))
    assert again.ledger.balance(customer.customer_id) == 50_000


def test_the_money_of_a_customer_whose_record_a_restore_lost_stays(bank, face, open_bank) -> None:
    customer = bank.enrolment().enrol(ADA, RUIZ, lambda customer, stop: face(customer))
    bank.audit.append("restore", step="begun")
    bank.store.remove(customer.customer_id)
    again = open_bank()
    again.remove_unfinished_enrolments()
    assert again.ledger.balance(customer.customer_id) == 50_000


def test_an_account_is_swept_whose_enrolment_was_logged_and_then_taken_back(
    bank, face, open_bank, monkeypatch
) -> None:
    def cut_off(customer_id: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(bank.audit.anchor, "write", lambda state: 1 / 0)
    monkeypatch.setattr(bank.ledger, "remove_account", cut_off)  # the power goes while it is undone
    with pytest.raises(KeyboardInterrupt):
        bank.enrolment().enrol(ADA, RUIZ, lambda customer, stop: face(customer))
    assert [entry["step"] for entry in entries(bank, "enrolment")] == ["begun", "done"]
    assert open_bank().remove_unfinished_enrolments() == 1
    assert open_bank().ledger.customer_ids() == set()


def test_what_a_killed_writer_left_unfinished_is_removed(bank, face, open_bank) -> None:
    bank.enrolment().enrol(ADA, RUIZ, lambda customer, stop: face(customer))
    strays = [
        bank.folder / ".credentials.json.x1.partial",
        bank.folder / "gallery" / ".4f.template.x2.partial",
        bank.folder / "gallery" / ".4f.captures.x3.partial",
    ]
    for stray in strays:
        stray.write_bytes(b"somebody who never was a customer")
    assert open_bank().remove_unfinished_enrolments() == 0
    assert [stray.exists() for stray in strays] == [False] * 3


def test_the_same_picture_again_and_again_is_said() -> None:
    with pytest.raises(EnrolmentError, match="five different ones") as caught, plain_errors():
        raise SamePictureError("1 of 5 different pictures in time; 60 were repetitions")
    assert caught.value.code == "no_face_in_time"
