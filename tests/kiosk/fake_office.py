"""Fake office that notes the acts of staff instead of doing them."""

from __future__ import annotations

import threading
from typing import Any

from atm.accounts.accounts import Hold
from atm.people import Customer, Signatures, StaffMember
from atm.staff.acts import BalanceError

CUSTOMER = Customer("c" * 32, "maria.lopez", "Maria Lopez")


class FakeOffice:
    """What `atm.staff.acts.Office` offers the window; its acts go to the list of *machine*."""

    def __init__(self, machine: Any) -> None:
        self.machine = machine
        self.known: list[tuple[Customer, str]] = [(CUSTOMER, "active")]
        self.refused: list[Any] = []
        self.open_holds: list[tuple[Hold, str | None]] = []

    def customers(self, *, staff: StaffMember) -> list[tuple[Customer, str]]:
        """Return those whom the test made."""
        assert threading.current_thread() is not threading.main_thread()
        return self.known

    def search(self, text: str, *, staff: StaffMember) -> list[tuple[Customer, str]]:
        """Return those with *text* in the username."""
        return [each for each in self.known if text.casefold() in each[0].username]

    def unlock(self, username: str, *, staff: StaffMember) -> None:
        """Note it."""
        self.machine.act("unlock", username, staff.name)

    def new_pin(self, username: str, pin: str, *, signed: Signatures) -> None:
        """Note it."""
        self.machine.act("new_pin", username, pin, signed.names)

    def delete(
        self, username: str, *, staff: StaffMember, override: Signatures | None = None
    ) -> None:
        """Refuse where there is money, unless two have signed."""
        balance = self.machine.ledger.balance(CUSTOMER.customer_id)
        if balance and override is None:
            raise BalanceError(balance)
        self.machine.act("delete", username, staff.name, override.names if override else None)

    def excuse(self, username: str, movements: Any, *, signed: Signatures) -> None:
        """Note it."""
        self.machine.act("excuse", username, sorted(movements), signed.names)

    def serve_without_face(self, username: str, wanted: bool, *, signed: Signatures) -> None:
        """Note it."""
        self.machine.act("serve_without_face", username, wanted, signed.names)

    def members(self, *, staff: StaffMember) -> list[tuple[str, bool]]:
        """Return all members, and whether they have to wait."""
        return list(self.machine.staff.names())

    def add_staff(self, name: str, pin: str, *, signed: Any) -> None:
        """Add one."""
        names = signed.names if isinstance(signed, Signatures) else [signed.name]
        self.machine.act("add_staff", name, pin, names)

    def remove_staff(self, name: str, *, signed: Signatures) -> None:
        """Note it."""
        self.machine.act("remove_staff", name, signed.names)

    def unlock_staff(self, name: str, *, signed: Signatures) -> None:
        """Note it."""
        self.machine.act("unlock_staff", name, signed.names)

    def refusals(self, n: int = 20, *, staff: StaffMember) -> list[Any]:
        """Return those that the test made."""
        self.machine.act("audit read", staff.name)
        return self.refused[:n]

    def holds(self, *, staff: StaffMember) -> list[tuple[Hold, str | None]]:
        """Return those that the test made."""
        return self.open_holds

    def settle(self, hold: Hold, paid: bool, *, staff: StaffMember) -> None:
        """Note it."""
        self.machine.act("settle", hold.hold_id, paid, staff.name)
