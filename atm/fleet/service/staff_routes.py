"""Routes for staff: sign-in, enrolment, and acts on customers and on members of staff."""

import contextlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from fastapi import APIRouter

from atm.enrolment.duplicate_face import DuplicateQuestion
from atm.enrolment.hash_and_capture import EnrolmentError
from atm.fleet.service import bodies
from atm.fleet.service.bank_service import BankService, FromKiosk
from atm.fleet.service.customer_routes import held
from atm.fleet.service.store.tickets import account_owner
from atm.fleet.wire_errors import DuplicateFaceError
from atm.fleet.wire_faces import pack_image, unpack_face
from atm.fleet.wire_values import customer_to_json, hold_to_json, refusal_to_json, to_base64
from atm.maintenance.export import export
from atm.people import Application, Customer, SecondSignatureError, Signatures, StaffMember
from credentials.attempt_rules import Place


def staff_routes(service: BankService) -> APIRouter:
    """Return the routes for sign-in, enrolment and members of staff."""
    routes = APIRouter()

    @routes.post("/staff/sign-in")
    def sign_in(body: bodies.SignInBody, kiosk: FromKiosk) -> dict[str, Any]:
        member, token = service.sign_in(kiosk, body.name, body.pin, Place(body.place))
        return {"name": member.name, "token": token}

    @routes.post("/staff/sign-out")
    def sign_out(body: bodies.StaffBody, kiosk: FromKiosk) -> dict[str, Any]:
        for token in body.staff:
            service.sign_out(kiosk, token)
        return {}

    @routes.post("/staff/change-pin")
    def change_pin(body: bodies.StaffPinBody, kiosk: FromKiosk) -> dict[str, Any]:
        staff = service.stores.staff(kiosk.kiosk_id)
        staff.change_pin(body.name, body.old, body.new, place=Place(body.place))
        return {}

    @routes.post("/staff/names")
    def names(body: bodies.StaffBody, kiosk: FromKiosk) -> dict[str, Any]:
        signed = _one(service.signed(kiosk, body.staff))
        return {"names": service.office(kiosk).members(staff=signed)}

    @routes.post("/staff/add")
    def add(body: bodies.NewPinBody, kiosk: FromKiosk) -> dict[str, Any]:
        signed = service.signed(kiosk, body.staff)
        return {"name": service.office(kiosk).add_staff(body.name, body.pin, signed=signed).name}

    @routes.post("/staff/remove")
    def remove(body: bodies.NameBody, kiosk: FromKiosk) -> dict[str, Any]:
        service.office(kiosk).remove_staff(
            body.name, signed=_two(service.signed(kiosk, body.staff))
        )
        return {}

    @routes.post("/staff/unlock")
    def unlock_staff(body: bodies.NameBody, kiosk: FromKiosk) -> dict[str, Any]:
        service.office(kiosk).unlock_staff(
            body.name, signed=_two(service.signed(kiosk, body.staff))
        )
        return {}

    @routes.post("/enrolments/username")
    def check_username(body: bodies.NameBody, kiosk: FromKiosk) -> dict[str, Any]:
        signed = _one(service.signed(kiosk, body.staff))
        return {"username": service.enrolment(kiosk).check_username(body.name, staff=signed)}

    @routes.post("/enrolments")
    def enrol(body: bodies.EnrolBody, kiosk: FromKiosk) -> dict[str, Any]:
        signed = service.signed(kiosk, body.staff)
        service.check_currency(body.currency)
        second = _first_and_second(signed)[1] if body.alike else None
        questions: list[DuplicateQuestion] = []

        def ask(question: DuplicateQuestion) -> StaffMember | None:
            questions.append(question)
            return second

        application = Application(
            username=body.name,
            full_name=body.full_name,
            opening_minor=body.opening_minor,
            pin=body.pin,
            consent_at=datetime.fromisoformat(body.consent_at),
            excused=tuple(body.excused),
        )
        try:
            customer = service.enrolment(kiosk).enrol(
                application, signed, lambda customer_id, _stop: unpack_face(body.face, customer_id),
                ask=ask,
            )  # fmt: skip
        except EnrolmentError as error:
            if questions and second is None:
                raise _unanswered(questions[0]) from error
            raise
        return {"customer": customer_to_json(customer)}

    return routes


def office_routes(service: BankService) -> APIRouter:
    """Return the routes for staff acts on customers."""
    routes = APIRouter()

    @contextlib.contextmanager
    def accounts_closed(username: str) -> Iterator[None]:
        """Close the customer's open accounts at all kiosks once an act is done."""
        record = service.stores.credentials.get(username)
        yield
        if record is not None:
            service.stores.tickets.end_all(account_owner(record.customer_id))

    @routes.post("/office/customers")
    def customers(body: bodies.StaffBody, kiosk: FromKiosk) -> dict[str, Any]:
        signed = _one(service.signed(kiosk, body.staff))
        return _with_states(service.office(kiosk).customers(staff=signed))

    @routes.post("/office/search")
    def search(body: bodies.SearchBody, kiosk: FromKiosk) -> dict[str, Any]:
        signed = _one(service.signed(kiosk, body.staff))
        return _with_states(service.office(kiosk).search(body.text, staff=signed))

    @routes.post("/office/known")
    def known(body: bodies.NameBody, kiosk: FromKiosk) -> dict[str, Any]:
        signed = _one(service.signed(kiosk, body.staff))
        known = service.office(kiosk).known(body.name, staff=signed)
        return {"customer": customer_to_json(known.customer), "excused": known.excused}

    @routes.post("/office/unlock")
    def unlock(body: bodies.NameBody, kiosk: FromKiosk) -> dict[str, Any]:
        service.office(kiosk).unlock(body.name, staff=_one(service.signed(kiosk, body.staff)))
        return {}

    @routes.post("/office/new-pin")
    def new_pin(body: bodies.NewPinBody, kiosk: FromKiosk) -> dict[str, Any]:
        signed = _two(service.signed(kiosk, body.staff))
        with accounts_closed(body.name):
            service.office(kiosk).new_pin(body.name, body.pin, signed=signed)
        return {}

    @routes.post("/office/new-face")
    def new_face(body: bodies.NewFaceBody, kiosk: FromKiosk) -> dict[str, Any]:
        signed = _two(service.signed(kiosk, body.staff))
        with accounts_closed(body.name):
            service.office(kiosk).new_face(
                body.name, lambda customer_id, _stop: unpack_face(body.face, customer_id),
                signed=signed,
            )  # fmt: skip
        return {}

    @routes.post("/office/delete")
    def delete(body: bodies.DeleteBody, kiosk: FromKiosk) -> dict[str, Any]:
        signed = service.signed(kiosk, body.staff)
        override = _two(signed) if body.override else None
        first, _ = _first_and_second(signed)
        with accounts_closed(body.name):
            left = service.office(kiosk).delete(body.name, staff=first, override=override)
        return {"balance_minor": left}

    @routes.post("/office/excuse")
    def excuse(body: bodies.ExcuseBody, kiosk: FromKiosk) -> dict[str, Any]:
        signed = _two(service.signed(kiosk, body.staff))
        service.office(kiosk).excuse(body.name, body.requests, signed=signed)
        return {}

    @routes.post("/office/refusals")
    def refusals(body: bodies.RefusalsBody, kiosk: FromKiosk) -> dict[str, Any]:
        signed = _one(service.signed(kiosk, body.staff))
        found = service.office(kiosk).refusals(body.number, staff=signed)
        return {"refusals": [refusal_to_json(each) for each in found]}

    @routes.post("/office/holds")
    def holds(body: bodies.StaffBody, kiosk: FromKiosk) -> dict[str, Any]:
        signed = _one(service.signed(kiosk, body.staff))
        return {
            "holds": [
                hold_to_json(hold) | {"customer_id": hold.customer_id, "username": username}
                for hold, username in service.office(kiosk).holds(staff=signed)
            ]
        }

    @routes.post("/office/settle")
    def settle(body: bodies.SettleBody, kiosk: FromKiosk) -> dict[str, Any]:
        signed = _one(service.signed(kiosk, body.staff))
        hold = held(body.hold, body.customer_id)
        service.office(kiosk).settle(hold, body.paid, staff=signed)
        return {}

    @routes.post("/office/export")
    def export_customer(body: bodies.NameBody, kiosk: FromKiosk) -> dict[str, Any]:
        signed = _one(service.signed(kiosk, body.staff))
        stores, log = service.stores, service.stores.log(kiosk.kiosk_id)
        record = service.office(kiosk).record(body.name)
        log.append("export", customer=record.customer_id, staff=[signed.name])
        return {
            "kept": export(record, stores.ledger, stores.gallery, log.entries, service.currency)
        }

    return routes


def _unanswered(question: DuplicateQuestion) -> DuplicateFaceError:
    """Return the error that names the similar customer, for a second member of staff to decide."""
    return DuplicateFaceError(
        question.username,
        question.customer_id,
        to_base64(pack_image(question.new_face)),
        to_base64(pack_image(question.other_face)),
    )


def _one(signed: StaffMember | Signatures) -> StaffMember:
    return _first_and_second(signed)[0]


def _two(signed: StaffMember | Signatures) -> Signatures:
    if not isinstance(signed, Signatures):
        raise SecondSignatureError
    return signed


def _first_and_second(signed: StaffMember | Signatures) -> tuple[StaffMember, StaffMember | None]:
    return (signed.first, signed.second) if isinstance(signed, Signatures) else (signed, None)


def _with_states(found: list[tuple[Customer, str]]) -> dict[str, Any]:
    return {
        "customers": [customer_to_json(customer) | {"state": state} for customer, state in found]
    }
