"""Contract tests of staff acts: each is done and logged; a forbidden one changes nothing."""

import pytest

from atm.accounts.accounts import LedgerError
from atm.staff.acts import BalanceError
from credentials.attempts import Ending, Standing
from credentials.errors import UnknownUserError
from face_auth.errors import GalleryError
from tests.fleet.contract.banks import OKAFOR, PIN, RUIZ, TWO, Bank, capturing, face

STAFF_PINS = {"ruiz": "746195", "okafor": "829461"}


def kinds(bank: Bank) -> list[tuple[object, ...]]:
    return [(each["kind"], each.get("step")) for each in bank.log.entries()]


def test_customers_are_listed_with_how_they_stand(bank: Bank) -> None:
    ids = {name: bank.enrol(name).customer_id for name in ("cleo", "ada", "bob")}
    bank.attempts.lock(ids["bob"])
    bank.attempts.reserve(ids["cleo"])
    bank.attempts.settle(ids["cleo"], Ending.FOREIGN_FACE)
    found = [(customer.username, state) for customer, state in bank.office().customers(staff=RUIZ)]
    assert found == [("ada", "active"), ("bob", "locked"), ("cleo", "waiting")]
    searched = bank.office().search("O", staff=RUIZ)
    assert [customer.full_name for customer, _ in searched] == ["Bob", "Cleo"]


def test_staff_unlock_a_customer(bank: Bank) -> None:
    ada = bank.enrol()
    bank.attempts.lock(ada.customer_id)
    bank.office().unlock("ADA", staff=RUIZ)
    assert bank.attempts.standing(ada.customer_id) is Standing.FREE
    assert kinds(bank)[-2:] == [("unlock", "begun"), ("unlock", "done")]
    with pytest.raises(UnknownUserError):
        bank.office().unlock("nobody", staff=RUIZ)


def test_a_new_pin_takes_the_place_of_the_old_and_unlocks(bank: Bank) -> None:
    ada = bank.enrol()
    bank.attempts.lock(ada.customer_id)
    bank.office().new_pin("ada", "7391", signed=TWO)
    record = bank.store.get("ada")
    assert bank.hasher.verify(record.pin_hash, ada.customer_id, "7391")
    assert not bank.hasher.verify(record.pin_hash, ada.customer_id, PIN)
    assert bank.attempts.standing(ada.customer_id) is Standing.FREE
    last = bank.log.tail(1, "pin")[0]
    assert (last["staff"], last["record"]) == (
        ["ruiz", "okafor"], bank.store.record_mac(ada.customer_id)
    )  # fmt: skip


def test_a_new_face_takes_the_place_of_the_old(bank: Bank) -> None:
    ada = bank.enrol()
    old = bank.store.get("ada").template_id
    bank.office().new_face("ada", capturing("ada later"), signed=TWO)
    new = bank.store.get("ada").template_id
    found = bank.gallery.load(new, ada.customer_id).embeddings
    assert (found == face("ada later", ada.customer_id)[0].embeddings).all()
    with pytest.raises(GalleryError):
        bank.gallery.load(old, ada.customer_id)
    assert bank.ledger.balance(ada.customer_id) == 100000


def test_an_account_with_money_takes_two_to_delete(bank: Bank) -> None:
    ada = bank.enrol(opening_minor=700)
    template_id = bank.store.get("ada").template_id
    with pytest.raises(BalanceError) as caught:
        bank.office().delete("ada", staff=RUIZ)
    assert caught.value.balance_minor == 700
    assert bank.store.get("ada") is not None
    assert bank.ledger.balance(ada.customer_id) == 700
    assert bank.office().delete("ada", staff=RUIZ, override=TWO) == 700
    again = bank.reopened()
    assert again.store.get("ada") is None
    assert not again.ledger.has_account(ada.customer_id)
    with pytest.raises(GalleryError):
        again.gallery.load(template_id, ada.customer_id)
    again.close()


def test_who_was_deleted_enrols_again_as_somebody_new(bank: Bank) -> None:
    ada = bank.enrol(opening_minor=700)
    bank.attempts.lock(ada.customer_id)
    bank.office().delete("ada", staff=RUIZ, override=TWO)
    again = bank.enrol(opening_minor=300)
    rows = bank.ledger.transactions(again.customer_id)
    assert [each.amount_minor for each in rows] == [300]
    assert bank.attempts.standing(again.customer_id) is Standing.FREE


def test_money_on_hold_is_settled_before_its_customer_is_deleted(bank: Bank) -> None:
    ada = bank.enrol(opening_minor=5000)
    hold = bank.ledger.hold(ada.customer_id, 5000, smallest_note_minor=1000, day_limit_minor=100000)
    with pytest.raises(LedgerError):
        bank.office().delete("ada", staff=RUIZ, override=TWO)
    assert bank.office().holds(staff=RUIZ) == [(hold, "ada")]
    bank.office().settle(hold, paid=True, staff=RUIZ)
    assert bank.office().delete("ada", staff=RUIZ) == 0


def test_requests_that_a_customer_cannot_follow_are_kept(bank: Bank) -> None:
    bank.enrol()
    bank.office().excuse("ada", ["look_up", "look_down"], signed=TWO)
    assert set(bank.store.get("ada").excused.split(",")) == {"look_up", "look_down"}
    bank.office().excuse("ada", [], signed=TWO)
    assert bank.store.get("ada").excused is None


def test_the_last_refusals_are_told_with_names(bank: Bank) -> None:
    ada = bank.enrol()
    for outcome, customer in (
        ("refused", ada.customer_id), ("granted", ada.customer_id), ("fault", None)
    ):  # fmt: skip
        bank.log.append("decision", outcome=outcome, customer=customer, reasons=["x", outcome])
    found = bank.office().refusals(staff=RUIZ)
    assert [(each.username, each.outcome, each.reasons) for each in found] == [
        (None, "fault", ("x", "fault")),
        ("ada", "refused", ("x", "refused")),
    ]
    assert bank.log.tail(1)[0]["kind"] == "audit read"


def test_staff_are_changed_by_two_and_that_is_logged(bank: Bank) -> None:
    bank.staff.add_first("ruiz", STAFF_PINS["ruiz"])
    office = bank.office()
    office.add_staff("okafor", STAFF_PINS["okafor"], signed=RUIZ)
    office.add_staff("third", "483920", signed=TWO)
    office.unlock_staff("Third", signed=TWO)
    office.remove_staff("third", signed=TWO)
    assert [name for name, _ in bank.staff.names()] == [OKAFOR.name, RUIZ.name]
    acts = [each["act"] for each in bank.log.entries() if each["step"] == "done"]
    assert acts == ["add", "add", "unlock", "remove"]
