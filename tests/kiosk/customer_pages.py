"""The list of the customers' pages, and of an enrolment's, in every state; see `test_look`."""

import dataclasses
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from atm.accounts.accounts import Hold, Withdrawal
from atm.accounts.session import HeldError, Session
from atm.demo_customer import FULL_NAME, USERNAME
from atm.enrolment.enrolment import EnrolmentError
from atm.errors import AtmError
from atm.folder import Kind
from atm.login.decision import Decision, Outcome
from atm.people import Customer, StaffMember
from face_auth.model_making.published_graph import TERMS
from kiosk.screens.customer.account import Account
from kiosk.screens.customer.first_choice import FirstChoice
from kiosk.screens.customer.goodbye import Goodbye
from kiosk.screens.customer.home import Home
from kiosk.screens.customer.languages import Languages
from kiosk.screens.customer.login import log_in
from kiosk.screens.customer.login_face import LoginFace
from kiosk.screens.customer.login_pin import LoginPin
from kiosk.screens.customer.login_step import Typed
from kiosk.screens.customer.money import AmountHeld, TakeMoney
from kiosk.screens.customer.out_of_service import FaultDetails
from kiosk.screens.enrolment.consent import Consent
from kiosk.screens.enrolment.details import CustomerPin, Details
from kiosk.screens.enrolment.draft import Draft
from kiosk.screens.enrolment.face_step import FaceStep, Saved
from kiosk.screens.staff.sign_in import FirstStart, StaffSignIn
from kiosk.screens.staff.staff_menu import StaffMenu
from kiosk.screens.staff.staff_page import NotDone
from kiosk.screens.staff.terms import Terms
from kiosk.words import messages

CUSTOMER = Customer(
    "c" * 32, "maximiliana.fernandez", "Maximiliana Fernández de la Huerta y Castro"
)
STAFF = StaffMember("Bartholomäus Featherstonehaugh-Cholmondeley")


def draft() -> Draft:
    """Return a draft with long words."""
    made = Draft(STAFF, datetime.now(UTC), CUSTOMER.username, CUSTOMER.full_name)
    made.opening_minor, made.opening_text, made.pin = 123_456_789, "1234567.89", "1234"
    return made


def pages(kiosk: Any, machine: Any) -> Iterator[str]:
    """Bring every page and state to the front, one after another; yields what it is called."""
    app = kiosk.app

    def session() -> Session:
        return Session(
            CUSTOMER,
            machine.ledger,
            machine.dispenser,
            smallest_note_minor=1_000,
            day_limit_minor=100_000,
            record=None,
            template=lambda: None,
            save_pin=lambda pin: None,
        )

    def show(make: Callable[[Any], Any]) -> Any:
        app.show(make)
        kiosk.settle(0.12)
        return kiosk.screen

    kiosk.settle(0.1)
    yield "home"
    show(Languages)
    yield "languages"
    app.go_home()
    machine.camera.state = "lost"
    kiosk.settle(0.6)
    yield "home, no camera"
    show(pin_page)
    kiosk.settle(0.3)
    yield "login, no camera"
    machine.camera.state = "ready"
    machine.staff._known, known = {}, machine.staff._known
    app.go_home()
    kiosk.settle(0.1)
    yield "home, first start"
    machine.camera.state = "lost"
    kiosk.settle(0.4)
    yield "home, first start without a camera"
    machine.camera.state = "ready"
    machine.staff._known = known
    machine.has_customers = False
    app.go_home()
    kiosk.settle(0.4)
    yield "home, nobody enrolled"
    machine.has_customers = True
    app.pause.begin(3600)
    app.go_home()
    yield "home, paused"
    app.pause.begin(0)
    for notice in messages.Notice:
        app.go_home(notice)
        kiosk.settle(0.05)
        yield f"home, {notice}"
    show(FirstChoice)
    yield "first choice"
    show(lambda a: Terms(a, TERMS, lambda a: FirstStart(a, lambda _s: None)))
    yield "terms"
    page = show(lambda a: FirstStart(a, lambda _s: None))
    yield "first start"
    for field in page.fields:
        field.take_focus()
        kiosk.settle(0.05)
        for what in ("name", "staff_pin"):
            for sentence in messages.POLICY[what].values():
                field.complain(app.language.gettext(sentence))
                kiosk.settle(0.02)
                yield f"first start, {sentence}"
    page.complain(page.fields[1], app.language.gettext(messages.PINS_DIFFER))
    kiosk.settle(0.05)
    yield "first start, PINs differ"
    page = show(lambda a: StaffSignIn(a, lambda _s: None))
    page.complain(page.fields[1], app.language.gettext(messages.SIGN_IN_REFUSED))
    kiosk.settle(0.05)
    yield "staff sign-in, refused"
    page.busy(True)
    kiosk.settle(0.05)
    yield "staff sign-in, busy"
    show(lambda a: Consent(a, STAFF))
    yield "consent"
    page = show(lambda a: Details(a, draft()))
    yield "details"
    for field, what in zip(page.fields, ("username", "name", None), strict=True):
        field.take_focus()
        sentences = messages.POLICY[what].values() if what else messages.AMOUNT.values()
        for sentence in sentences:
            field.complain(app.language.gettext(sentence))
            kiosk.settle(0.02)
            yield f"details, {sentence}"
    show(lambda a: CustomerPin(a, draft(), Home))
    yield "customer's PIN"
    page = show(lambda a: FaceStep(a, draft(), Home))
    kiosk.settle(0.2)
    yield "face"
    for sentence in (
        *messages.UNDER_CAMERA,
        *messages.ENROLMENT.values(),
        *messages.TOO_FEW.values(),
    ):
        page.line.say("bad", app.language.gettext(sentence))
        kiosk.root.update_idletasks()
        yield f"face, {sentence}"
    machine.held = True
    page.save.press()
    kiosk.settle(0.3)
    yield "face, taking"
    machine.hold.set()
    kiosk.on("Saved")
    show(lambda a: Saved(a, CUSTOMER))
    yield "saved"
    page = show(FaceStep_with_error)
    yield "face, failed"
    page = show(log_in)
    yield "login, name"
    page.username.complain(app.language.gettext(messages.POLICY["username"]["empty"]))
    kiosk.settle(0.05)
    yield "login, no name"
    page = show(pin_page)
    kiosk.settle(0.2)
    yield "login, PIN"
    for sentence in messages.UNDER_CAMERA:
        page.line.say("look", app.language.gettext(sentence))
        kiosk.root.update_idletasks()
        yield f"login, {sentence}"
    machine.hold.clear()
    machine.held = True
    for outcome in (Outcome.REFUSED, Outcome.NO_FACE, Outcome.FAULT, Outcome.PAUSED):
        page = show(lambda a: LoginFace(a, Typed("maria.lopez", "1234"), pin_page))
        kiosk.until(lambda p=page: p.step.cget("text"))  # type: ignore[misc]
        yield "login, movement"
        page._decided(Decision(outcome, pause_s=3600.0 if outcome is Outcome.PAUSED else 0.0))
        kiosk.settle(0.05)
        yield f"login, {outcome}"
    app.pause.begin(0)
    machine.hold.set()
    show(Goodbye)
    yield "goodbye"
    page = show(lambda a: Account(a, session()))
    yield "account"
    page.show_button.press()
    kiosk.settle(0.2)
    yield "account, shown"
    page._open_pad(True)
    kiosk.settle(0.05)
    yield "account, digits"
    for sentence in (*messages.AMOUNT.values(), messages.MORE_THAN_BALANCE, messages.NO_MORE_TODAY):
        page._complain(app.language.gettext(sentence))
        kiosk.settle(0.02)
        yield f"account, {sentence}"
    for message in (messages.DAY_LIMIT, messages.MULTIPLE):
        amount = app.language.notes(123_450)
        page._complain(app.language.gettext(message).format(amount=amount))
        kiosk.settle(0.02)
        yield f"account, {message}"
    page._confirm(100_000)
    kiosk.asked()
    yield "confirm"
    app.dialog.cancel()
    app.attendance._ask()
    kiosk.settle(0.05)
    yield "more time"
    app.dialog.cancel()
    show(
        lambda a: TakeMoney(
            a, session(), datetime.now(), Withdrawal("ABCD2345", 100_000, 35_000), Home
        )
    )
    yield "take your money"
    hold = Hold(1, CUSTOMER.customer_id, 123_456_789, datetime.now(UTC), "ABCD2345")
    show(lambda a: AmountHeld(a, session(), datetime.now(), HeldError(hold)))
    yield "amount on hold"
    show(lambda a: StaffMenu(a, STAFF, Consent))
    yield "staff menu"
    kiosk.screen.ask_to_close()
    kiosk.settle(0.05)
    yield "close?"
    app.dialog.cancel()
    own, app.host.settings = app.settings, dataclasses.replace(app.settings, camera="demo")
    for kind in (Kind.DEMO, Kind.TEST):
        machine.kind = kind
        app.demonstration.on = kind is Kind.DEMO
        app.go_home()
        kiosk.settle(0.05)
        yield f"home, {kind}"
    machine.kind = Kind.DEMO
    for state, stranger in (("", False), ("active", False), ("active", True), ("locked", False)):
        drawn = Customer("e" * 32, USERNAME, FULL_NAME)
        machine.office.known = [(drawn, state)] if state else []
        machine.has_customers = bool(state)
        app.demonstration._stranger, app.host.furnished = stranger, False
        app.go_home()
        kiosk.until(lambda s=state: bool(app.screen._visitor) == bool(s))  # type: ignore[misc]
        kiosk.until(lambda: app.screen._somebody is not None)
        kiosk.settle(0.05)
        yield f"home of a demonstration, {state}, {stranger}"
    app.host.settings = own
    long = "The data folder " + "/very/long/path" * 15 + " cannot be used."
    show(lambda a: NotDone(a, STAFF, long))
    yield "not done"
    app.host.fail(AtmError(long))
    kiosk.settle(0.05)
    yield "out of service"
    kiosk.screen._nobody(AtmError(long))
    kiosk.settle(0.05)
    yield "out of service, nobody can sign in"
    show(lambda a: FaultDetails(a, STAFF))
    yield "out of service, details"


def pin_page(app: Any) -> LoginPin:
    """Make the page for the PIN of somebody with a long name."""
    return LoginPin(app, Typed(CUSTOMER.username), Home)


def FaceStep_with_error(app: Any) -> FaceStep:
    """Return the face step after an enrolment that did not come about."""
    made = FaceStep(app, draft(), Home)
    made.not_saved(EnrolmentError("not_one_person", "x"))
    return made
