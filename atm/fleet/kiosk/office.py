"""Staff acts at a kiosk of the bank, carried out by the service; same methods as `Office`."""

import threading
from collections.abc import Collection
from typing import Any, NoReturn

from atm.accounts.accounts import Hold
from atm.enrolment.hash_and_capture import CaptureFace, EnrolmentError, plain_errors
from atm.fleet.kiosk.client import ServiceClient
from atm.fleet.kiosk.staff import tokens_of
from atm.fleet.wire_faces import pack_face
from atm.fleet.wire_values import (
    customer_from_json,
    hold_from_json,
    hold_to_json,
    refusal_from_json,
    to_base64,
)
from atm.login.attended import FaceNeededError
from atm.people import Customer, KnownCustomer, Signatures, StaffMember
from atm.staff.refusals import Refusal

Found = list[tuple[Customer, str]]


class RemoteOffice:
    """Staff acts over the service, for members of staff whom `RemoteStaff` signed in."""

    def __init__(self, client: ServiceClient) -> None:
        """Send every act to *client*."""
        self._client = client

    def customers(self, *, staff: StaffMember) -> Found:
        """Return every customer with their state, by username; see `Office.customers`."""
        return _with_states(self._act("customers", staff, idempotent=True))

    def search(self, text: str, *, staff: StaffMember) -> Found:
        """Return the first customers whose name has *text* in it; see `Office.search`."""
        return _with_states(self._act("search", staff, idempotent=True, text=text))

    def known(self, username: str, *, staff: StaffMember) -> KnownCustomer:
        """Return what staff may see of the customer *username*.

        Raises:
            UnknownUserError: If there is no such customer.
        """
        found = self._act("known", staff, idempotent=True, name=username)
        return KnownCustomer(customer_from_json(found["customer"]), found["excused"])

    def unlock(self, username: str, *, staff: StaffMember) -> None:
        """Clear wrong PINs, waits and reservations; see `Office.unlock`."""
        self._act("unlock", staff, name=username)

    def new_pin(self, username: str, pin: str, *, signed: Signatures) -> None:
        """Give a customer the PIN that they have just typed; see `Office.new_pin`."""
        self._act("new-pin", signed, name=username, pin=pin)

    def new_face(
        self,
        username: str,
        enrol_face: CaptureFace,
        *,
        signed: Signatures,
        cancel: threading.Event | None = None,
    ) -> None:
        """Enrol the face of an existing customer again; see `Office.new_face`."""
        stop = cancel or threading.Event()
        with plain_errors():
            template, captures = enrol_face("", stop)  # the service says whose it is
        if stop.is_set():
            raise EnrolmentError("cancelled", "Nothing was saved.")
        face = to_base64(pack_face(template, captures))
        self._act("new-face", signed, name=username, face=face)

    def delete(
        self, username: str, *, staff: StaffMember, override: Signatures | None = None
    ) -> int:
        """Delete the customer; see `Office.delete`. Returns what was on the account."""
        signed = override or staff
        found = self._act("delete", signed, name=username, override=override is not None)
        return int(found["balance_minor"])

    def excuse(self, username: str, movements: Collection[str], *, signed: Signatures) -> None:
        """Mark which movements a customer cannot make; see `Office.excuse`."""
        self._act("excuse", signed, name=username, requests=list(movements))

    def serve_without_face(self, username: str, wanted: bool, *, signed: Signatures) -> NoReturn:
        """Refuse: the service needs the face.

        Raises:
            FaceNeededError: Always.
        """
        raise FaceNeededError

    def members(self, *, staff: StaffMember) -> list[tuple[str, bool]]:
        """Return every member of staff by name, and whether they have to wait at this kiosk."""
        found = self._client.call("staff/names", idempotent=True, staff=tokens_of(staff))
        return [(str(name), bool(waits)) for name, waits in found["names"]]

    def add_staff(self, name: str, pin: str, *, signed: StaffMember | Signatures) -> StaffMember:
        """Add a member of staff; see `Office.add_staff`."""
        found = self._client.call("staff/add", staff=tokens_of(signed), name=name, pin=pin)
        return StaffMember(str(found["name"]))

    def remove_staff(self, name: str, *, signed: Signatures) -> None:
        """Remove a member of staff; see `Office.remove_staff`."""
        self._client.call("staff/remove", staff=tokens_of(signed), name=name)

    def unlock_staff(self, name: str, *, signed: Signatures) -> None:
        """Clear the wrong PINs of a member of staff; see `Office.unlock_staff`."""
        self._client.call("staff/unlock", staff=tokens_of(signed), name=name)

    def refusals(self, n: int = 20, *, staff: StaffMember) -> list[Refusal]:
        """Return the last *n* logins at this kiosk that were not granted; see `Office.refusals`."""
        found = self._act("refusals", staff, idempotent=True, number=n)["refusals"]
        return [refusal_from_json(each) for each in found]

    def holds(self, *, staff: StaffMember) -> list[tuple[Hold, str | None]]:
        """Return the withdrawals whose outcome is unknown; see `Office.holds`."""
        found = self._act("holds", staff, idempotent=True)["holds"]
        return [(hold_from_json(each, each["customer_id"]), each["username"]) for each in found]

    def settle(self, hold: Hold, paid: bool, *, staff: StaffMember) -> None:
        """Book (*paid*) or return the money of a hold; see `Office.settle`."""
        self._act("settle", staff, customer_id=hold.customer_id, hold=hold_to_json(hold), paid=paid)

    def export(self, username: str, *, staff: StaffMember) -> dict[str, Any]:
        """Return what the bank keeps of a customer; see `atm.maintenance.export.export`."""
        kept = self._act("export", staff, idempotent=True, name=username)["kept"]
        assert isinstance(kept, dict)
        return kept

    def _act(
        self, what: str, signed: StaffMember | Signatures, *, idempotent: bool = False, **body: Any
    ) -> dict[str, Any]:
        return self._client.call(
            f"office/{what}", idempotent=idempotent, staff=tokens_of(signed), **body
        )


def _with_states(found: dict[str, Any]) -> Found:
    return [(customer_from_json(each), each["state"]) for each in found["customers"]]
