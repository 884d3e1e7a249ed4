"""Routes for customers: login, account, withdrawal, change of PIN."""

from typing import Any

from fastapi import APIRouter

from atm.accounts.accounts import Hold, SettledHoldError
from atm.fleet.kiosk_kind import KioskReport
from atm.fleet.service import bodies
from atm.fleet.service.bank_service import BankService, FromKiosk
from atm.fleet.service.store.kiosks import Kiosk
from atm.fleet.service.store.tickets import account_owner
from atm.fleet.service.tokens import TokenError
from atm.fleet.wire_errors import FRESH_S, SessionEndedError
from atm.fleet.wire_values import (
    customer_to_json,
    face_from_json,
    hold_from_json,
    hold_to_json,
    to_base64,
    transaction_to_json,
    withdrawal_to_json,
)


def customer_routes(service: BankService) -> APIRouter:
    """Return the routes over *service*."""
    routes = APIRouter()
    ledger = service.stores.ledger

    def customer_of(kiosk: Kiosk, token: str, *, fresh: bool = False) -> str:
        try:
            says = service.tokens.open("session", kiosk.kiosk_id, token)
        except TokenError as error:
            raise SessionEndedError from error
        if fresh and service.tokens.age_s(says) > FRESH_S:
            raise SessionEndedError
        customer_id, ticket = str(says["customer"]), str(says.get("ticket", ""))
        owner = account_owner(customer_id)
        if not service.stores.tickets.is_open(owner, ticket, kiosk.kiosk_id):
            raise SessionEndedError  # staff gave the customer a new PIN or face, or deleted them
        return customer_id

    @routes.post("/logins")
    def begin(body: bodies.BeginLoginBody, kiosk: FromKiosk) -> dict[str, Any]:
        begun = service.logins.begin(
            kiosk,
            body.username,
            body.pin,
            body.public_key,
            body.network_sha256,
            KioskReport.from_json(body.report.model_dump()),
        )
        return {"attempt": begun.attempt, "sealed": to_base64(begun.sealed)}

    @routes.post("/logins/finish")
    def finish(body: bodies.FinishLoginBody, kiosk: FromKiosk) -> dict[str, Any]:
        admitted = service.logins.finish(
            kiosk, body.attempt, face_from_json(body.face.model_dump())
        )
        if admitted is None:
            return {"granted": False}
        return {
            "granted": True,
            "customer": customer_to_json(admitted.customer),
            "session": admitted.session,
        }

    @routes.post("/sessions/available")
    def available(body: bodies.SessionBody, kiosk: FromKiosk) -> dict[str, Any]:
        return {"available_minor": ledger.available(customer_of(kiosk, body.session))}

    @routes.post("/sessions/transactions")
    def transactions(body: bodies.TransactionsBody, kiosk: FromKiosk) -> dict[str, Any]:
        found = ledger.transactions(customer_of(kiosk, body.session), body.limit)
        return {"transactions": [transaction_to_json(each) for each in found]}

    def limit(body: bodies.CheckWithdrawalBody) -> int:
        service.check_currency(body.currency)
        return min(body.day_limit_minor, service.day_limit_minor)

    @routes.post("/sessions/check")
    def check(body: bodies.CheckWithdrawalBody, kiosk: FromKiosk) -> dict[str, Any]:
        ledger.check_withdrawal(
            customer_of(kiosk, body.session),
            body.amount_minor,
            smallest_note_minor=body.smallest_note_minor,
            day_limit_minor=limit(body),
        )
        return {}

    @routes.post("/sessions/hold")
    def hold(body: bodies.HoldBody, kiosk: FromKiosk) -> dict[str, Any]:
        made = ledger.hold(
            customer_of(kiosk, body.session),
            body.amount_minor,
            smallest_note_minor=body.smallest_note_minor,
            day_limit_minor=limit(body),
            reference=body.reference,
        )
        return hold_to_json(made)

    @routes.post("/sessions/book")
    def book(body: bodies.EndHoldBody, kiosk: FromKiosk) -> dict[str, Any]:
        try:
            booked = ledger.book(held(body.hold, customer_of(kiosk, body.session)))
        except SettledHoldError as error:
            if error.booked is None:
                raise
            booked = error.booked  # booked by this kiosk before, which lost the answer
        return withdrawal_to_json(booked)

    @routes.post("/sessions/release")
    def release(body: bodies.EndHoldBody, kiosk: FromKiosk) -> dict[str, Any]:
        try:
            ledger.release(held(body.hold, customer_of(kiosk, body.session)))
        except SettledHoldError as error:
            if error.booked is not None:
                raise
        return {}

    @routes.post("/sessions/pin")
    def new_pin(body: bodies.OwnPinBody, kiosk: FromKiosk) -> dict[str, Any]:
        customer_id = customer_of(kiosk, body.session, fresh=True)
        record = service.stores.credentials.by_id(customer_id)
        if record is None:
            raise SessionEndedError
        service.office(kiosk).set_pin(record, body.pin, [])
        return {}

    return routes


def held(sent: bodies.HoldSent, customer_id: str) -> Hold:
    """Return the hold that a kiosk sent, as one of *customer_id*, whom the service knows."""
    return hold_from_json(sent.model_dump(), customer_id)
