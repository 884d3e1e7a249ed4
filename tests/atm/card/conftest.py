"""Fixtures: a bank whose customers have virtual cards, which are ours and no product's."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from atm.accounts.session import Session
from atm.card.cards import Cards
from atm.card.reader import CardReader
from atm.card.result import CardResult
from atm.login.login import LocalLogins
from atm.people import Application, Signatures, StaffMember
from atm.staff.card_acts import CardActs
from credentials.credential_record import CredentialRecord
from tests.atm.conftest import Bank
from tests.virtual_card import VirtualCard, VirtualReader

FOLDER_ID = "ab" * 16
TWO = Signatures(StaffMember("ruiz"), StaffMember("okafor"))


@dataclass
class CardBank:
    """A bank, its reader, and the customers Ada and Bob with a card each."""

    bank: Bank
    face: Callable[[str], Any]
    required: bool = True
    reader: VirtualReader = field(default_factory=VirtualReader)
    ada: VirtualCard = field(default_factory=VirtualCard)
    bob: VirtualCard = field(default_factory=VirtualCard)

    def cards(self, folder_id: str = FOLDER_ID) -> Cards:
        reader = CardReader(self.reader.devices)
        return Cards(folder_id, self.bank.store, reader, required=self.required)

    @property
    def acts(self) -> CardActs:
        return CardActs(self.cards(), self.bank.store, self.bank.audit)

    def enrol(self, name: str, *inserted: VirtualCard, card: bool = True) -> str:
        self.reader.cards[:] = inserted
        enrolment = self.bank.enrolment()
        enrolment._cards = self.cards()
        application = Application(
            name, f"{name} Doe", 50_000, "4071", datetime.now(UTC), card=card
        )  # fmt: skip
        made = enrolment.enrol(application, TWO, lambda who, stop: self.face(who))
        self.reader.cards.clear()
        return made.customer_id

    def logins(self, **others: Any) -> LocalLogins:
        return self.bank.logins(**({"check_card": self.cards().check} | others))

    def record(self, name: str) -> CredentialRecord:
        record = self.bank.store.get(name)
        assert record is not None
        return record

    def check(self, name: str, *, wait: bool = False) -> CardResult:
        """Check the card of a customer; without *wait* a card that is not there is not awaited."""
        stop = threading.Event()
        if wait:
            return self.cards().check(self.record(name), stop)
        threading.Timer(0.05, stop.set).start()
        return self.cards().check(self.record(name), stop)


@pytest.fixture
def made(bank: Bank, face: Callable[[str], Any]) -> CardBank:
    """Ada and Bob, enrolled with a card each; no card is in the reader."""
    made = CardBank(bank, face)
    made.enrol("ada", made.ada)
    made.enrol("bob", made.bob)
    return made


def session_of(decision: Any) -> Session:
    assert isinstance(decision.session, Session)
    return decision.session
