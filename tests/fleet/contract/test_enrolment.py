"""Contract tests of enrolment: completely or not at all, whatever fails or whenever it dies."""

import os
import threading
from collections.abc import Callable
from typing import Any

import pytest

from atm.accounts.accounts import LedgerError
from atm.people import Application
from credentials.errors import DuplicateUserError
from face_auth.errors import GalleryError
from tests.fleet.contract.banks import PIN, RUIZ, Bank, capturing, face, now

STEPS = (
    ("gallery", "save"),
    ("ledger", "open_account"),
    ("audit", "append"),
    ("store", "add"),
    ("store", "record_mac"),
)


class Failing:
    """A part whose method *name* does *instead* before or after its work."""

    def __init__(self, part: Any, name: str, instead: Callable[[], None], *, after: bool) -> None:
        self._part, self._name, self._instead, self._after = part, name, instead, after

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._part, name)
        if name != self._name:
            return method

        def call(*arguments: Any, **named: Any) -> Any:
            if not self._after:
                self._instead()
            answer = method(*arguments, **named)
            self._instead()
            return answer

        return call


def part_of(bank: Bank, name: str) -> Any:
    return bank.log if name == "audit" else getattr(bank, name)


def enrol_with(bank: Bank, step: tuple[str, str], instead: Callable[[], None], after: bool) -> None:
    part, method = step
    failing = Failing(part_of(bank, part), method, instead, after=after)
    application = Application("ada", "Ada", 5000, PIN, now())
    bank.enrolment(**{part: failing}).enrol(application, RUIZ, capturing("ada"))


def whole(bank: Bank) -> bool:
    """Return whether ada is there with everything; fail if with something only."""
    record = bank.store.get("ada")
    if record is None:
        assert bank.store.all() == []
        assert not bank.ledger.has_account(bank.new_id("ada"))
        return False
    assert bank.hasher.verify(record.pin_hash, record.customer_id, PIN)
    assert bank.ledger.balance(record.customer_id) == 5000
    template, _ = face("ada", record.customer_id)
    found = bank.gallery.load(record.template_id, record.customer_id)
    assert (found.embeddings == template.embeddings).all()
    return True


def test_a_customer_is_enrolled_with_pin_face_and_account(bank: Bank) -> None:
    bank.enrol(opening_minor=5000)
    again = bank.reopened()
    assert whole(again)
    steps = [(each["kind"], each["step"]) for each in again.log.entries()]
    assert steps == [("enrolment", "begun"), ("enrolment", "done")]
    again.close()


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", STEPS, ids=".".join)
def test_what_fails_leaves_nothing(bank: Bank, step: tuple[str, str], after: bool) -> None:
    saved = []
    save = bank.gallery.save

    def fail() -> None:
        raise LedgerError("It fails.")

    class Noting:
        def save(self, template_id: str, template: Any, captures: Any) -> None:
            save(template_id, template, captures)
            saved.append((template_id, template.customer_id))

        def __getattr__(self, name: str) -> Any:
            return getattr(gallery, name)

    gallery, bank.gallery = bank.gallery, Noting()
    with pytest.raises(LedgerError, match="It fails"):
        enrol_with(bank, step, fail, after)
    again = bank.reopened()
    assert not whole(again)
    for template_id, customer_id in saved:
        with pytest.raises(GalleryError):
            again.gallery.load(template_id, customer_id)
    again.close()
    bank.enrol(opening_minor=5000)
    assert whole(bank)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", STEPS, ids=".".join)
def test_who_dies_leaves_a_whole_customer_or_none(
    bank: Bank, step: tuple[str, str], after: bool
) -> None:
    child = os.fork()
    if child == 0:
        try:
            enrol_with(bank.reopened(), step, lambda: os._exit(9), after)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    again = bank.reopened()
    again.tidy()
    if not whole(again):
        again.enrol(opening_minor=5000)
        assert whole(again)
    again.close()


def test_two_kiosks_that_enrol_one_name_make_one_customer(bank: Bank) -> None:
    barrier = threading.Barrier(2)
    other = bank.reopened()
    answers: list[object] = []

    def enrol(at: Bank, full_name: str) -> None:
        def capture(customer_id: str, stop: threading.Event) -> Any:
            barrier.wait()
            return face("ada", customer_id)

        application = Application("ada", full_name, 5000, PIN, now())
        try:
            answers.append(at.enrolment().enrol(application, RUIZ, capture).full_name)
        except DuplicateUserError:
            answers.append(None)
        except LedgerError:  # the account was first
            answers.append(None)

    threads = [
        threading.Thread(target=enrol, args=(at, name))
        for at, name in ((bank, "Ada One"), (other, "Ada Two"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (made,) = [each for each in answers if each is not None]
    assert len(answers) == 2
    assert whole(bank)
    assert [each.full_name for each in bank.store.all()] == [made]
    other.close()
