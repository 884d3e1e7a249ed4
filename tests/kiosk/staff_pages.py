"""The list of the staff's pages, and of the new PIN's, in every state; see `test_look`."""

import dataclasses
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

from atm.accounts.accounts import Hold
from atm.accounts.session import Session
from atm.enrolment.duplicate_face import DuplicateQuestion
from atm.enrolment.enrolment import EnrolmentError
from atm.login.attended import Attendance
from atm.maintenance.rebuild import Rebuild
from atm.outside_memory import Memory
from atm.people import Customer, Signatures, StaffMember
from atm.staff.acts import Refusal
from atm.staff.inactivity import Inactive, Kept
from face_auth.models import Threshold
from kiosk.screens.customer.account import Account
from kiosk.screens.customer.change_pin import ChangePin
from kiosk.screens.customer.covered import CardTaken, Covered
from kiosk.screens.customer.goodbye import Goodbye
from kiosk.screens.customer.home import Home
from kiosk.screens.customer.login import log_in
from kiosk.screens.customer.login_face import LoginFace
from kiosk.screens.customer.login_pin import LoginPin
from kiosk.screens.customer.login_step import Typed
from kiosk.screens.customer.look_to_change_pin import LookToChange, PinChanged
from kiosk.screens.enrolment.consent import Consent
from kiosk.screens.enrolment.draft import Draft
from kiosk.screens.enrolment.face_step import FaceStep
from kiosk.screens.enrolment.same_face import DuplicateConfirmation, SameFace, Saving
from kiosk.screens.staff.attended import AttendedName, AttendedPin, AttendedSignature
from kiosk.screens.staff.camera import RegisterCamera
from kiosk.screens.staff.customer import CustomerPage
from kiosk.screens.staff.customer_card import CustomerCard, NewCard
from kiosk.screens.staff.customers import Customers
from kiosk.screens.staff.delete_with_money import DeleteWithMoney
from kiosk.screens.staff.excused_movements import ExcusedMovements
from kiosk.screens.staff.health import HealthPage
from kiosk.screens.staff.holds import Holds, SettleHold
from kiosk.screens.staff.network import Change, ChangeNetwork, LeftOut, Rebuilding
from kiosk.screens.staff.new_face import NewFace
from kiosk.screens.staff.new_pin import NewPin
from kiosk.screens.staff.refusals import Refusals
from kiosk.screens.staff.second_signature import SecondSignature
from kiosk.screens.staff.staff_list import Member, NewStaff, StaffList
from kiosk.screens.staff.staff_menu import StaffMenu
from kiosk.screens.staff.unused import UnusedAccounts
from kiosk.words import messages
from tests.kiosk.fake_machine import FakeCards, drawn_face

LONG = "Maximiliana Fernández de la Huerta y Castro"
CUSTOMER = Customer("c" * 32, "maximiliana.fernandez.de.la.huerta", LONG)
ANA = StaffMember("Bartholomäus Featherstonehaugh-Cholmondeley")
SIGNED = Signatures(ANA, StaffMember("Maria del Carmen Gutierrez-Villanueva y Ortiz"))
STATES = ("active", "locked", "waiting", "pending")


def pages(kiosk: Any, machine: Any) -> Iterator[str]:
    """Bring every page and state to the front, one after another; yields what it is called."""
    app, office = kiosk.app, machine.office
    say = app.language.gettext

    def show(make: Any) -> Any:
        app.idle.touched()  # else staff are signed out where this takes a minute
        app.show(make)
        kiosk.settle(0.15)
        return kiosk.screen

    def session() -> Session:
        return Session(
            CUSTOMER, machine.ledger, machine.dispenser,
            smallest_note_minor=1_000, day_limit_minor=100_000,
            record=None, template=lambda: None, save_pin=lambda pin: None,
        )  # fmt: skip

    def back(app: Any) -> Any:
        return StaffMenu(app, ANA, Consent)

    hold = Hold(1, CUSTOMER.customer_id, 123_456_789, datetime.now(UTC), "ABCD2345")
    office.known = [(dataclasses.replace(CUSTOMER, username=f"{n}.{CUSTOMER.username}"), state)
                    for n, state in enumerate(STATES * 3)]  # fmt: skip
    machine.threshold = Threshold(0.14, "1e-4", False, 0.0761)
    show(lambda a: back(a))
    yield "menu"
    machine.liveness_network = False
    own = app.settings
    for liveness in ("challenge", "passive", "off"):
        app.host.settings = dataclasses.replace(own, liveness=liveness)
        show(lambda a: back(a))
        yield f"menu, {liveness}"
        show(Home)
        yield f"home, {liveness}"
    app.host.settings = dataclasses.replace(own, keep_inactive_days=365)
    office.open_holds = [(hold, CUSTOMER.username)] * 8
    machine.camera.state = "lost"
    app.window.fullscreen = True
    show(lambda a: back(a))
    yield "menu, all tiles"
    app.window.fullscreen = False
    attendance = Attendance(ANA.name, CUSTOMER.username, 0.0)
    show(lambda a: StaffMenu(a, ANA, Consent, Account))
    yield "menu, without the face"
    show(lambda a: AttendedName(a, ANA, back, Account))
    yield "attended name"
    show(lambda a: AttendedSignature(a, ANA, CUSTOMER.username, back, Account))
    yield "attended signature"
    show(lambda a: AttendedPin(a, ANA, CUSTOMER.username, attendance, Account))
    yield "attended PIN"
    app.host.settings = dataclasses.replace(own, without_face="attended", keep_inactive_days=36_500)
    show(lambda a: Consent(a, ANA))
    yield "consent, without the face"
    app.host.settings = own
    show(lambda a: RegisterCamera(a, ANA, back))
    yield "camera, none"
    machine.camera.state = "ready"
    show(lambda a: RegisterCamera(a, ANA, back))
    yield "camera"
    page = show(lambda a: Customers(a, ANA, back))
    yield "customers"
    page._open_letters(True)
    kiosk.settle(0.05)
    yield "customers, letters"
    office.known, known = [], office.known
    page._search()
    kiosk.settle(0.1)
    yield "customers, none"
    office.known = known
    for state in STATES:
        page = show(lambda a, state=state: CustomerPage(a, ANA, CUSTOMER, state, back))
        yield f"customer, {state}"
    movements = show(lambda a: ExcusedMovements(a, ANA, CUSTOMER, back))
    yield "movements"
    for value in ("left", "right", "up", "down"):
        movements._toggle(value, 0)
    kiosk.settle(0.05)
    yield "movements, too few"
    page = show(lambda a: CustomerPage(a, ANA, CUSTOMER, "pending", back))
    for question in (page._unlock, page._delete):
        question()
        kiosk.settle(0.05)
        yield f"customer, {question.__name__}"
        app.dialog.cancel()
    show(lambda a: DeleteWithMoney(a, ANA, CUSTOMER, 123_456_789, back))
    yield "closing"
    page = show(lambda a: SecondSignature(a, ANA, say("New member of staff"), print, back))
    for field, sentence in (
        (page.fields[0], "Another person must sign."), (page.fields[1], messages.SIGN_IN_REFUSED)
    ):  # fmt: skip
        page.complain(field, say(sentence))
        kiosk.settle(0.05)
        yield f"signature, {sentence}"
    makers: list[Any] = [
        lambda a: NewPin(a, SIGNED, CUSTOMER),
        lambda a: NewStaff(a, ANA, SIGNED, back),
        lambda a: ChangePin(a, session(), datetime.now(), back),
    ]
    for make in makers:
        page = show(make)
        yield type(page).__name__
        for sentence in (*messages.WEAK.values(), messages.PINS_DIFFER):
            page.complain(page.fields[1], say(sentence))
            kiosk.settle(0.03)
            yield f"{type(page).__name__}, {sentence}"
    for sentence in (messages.NOT_CHANGED, *messages.LOGIN.values()):
        words = say(sentence).format(n=3600)
        show(lambda a, words=words: ChangePin(a, session(), datetime.now(), back, words))
        yield f"PIN not changed, {sentence}"
    show(lambda a: LookToChange(a, session(), datetime.now(), "1", "2", back, lambda _: back))
    yield "look"
    show(lambda a: PinChanged(a, session(), datetime.now(), back))
    yield "PIN changed"
    show(Covered)
    yield "covered"
    show(CardTaken)
    yield "card taken"
    for required in (True, False):
        machine.cards = FakeCards(required)
        show(log_in)
        yield "name, with a card"
        show(lambda a: LoginPin(a, Typed(CUSTOMER.username), None))
        yield "PIN, with a card"
        show(lambda a: LoginFace(a, Typed(CUSTOMER.username, "1"), back))
        yield "face, with a card"
        show(Goodbye)
        yield "goodbye, with a card"
        draft = Draft(ANA, datetime.now(UTC), CUSTOMER.username, LONG, card=True)
        page = show(lambda a, draft=draft: FaceStep(a, draft, back))
        yield "pictures, with a card"
        page.not_saved(EnrolmentError("card", "It made no key."))
        kiosk.settle(0.05)
        yield "pictures, card not registered"
    show(lambda a: CustomerPage(a, ANA, CUSTOMER, "active", back))
    yield "customer, with a card"
    page = show(lambda a: CustomerCard(a, ANA, CUSTOMER, back))
    yield "card"
    page._ask_block()
    kiosk.settle(0.05)
    yield "card, block?"
    app.dialog.cancel()
    show(lambda a: NewCard(a, SIGNED, CUSTOMER))
    yield "new card"
    machine.cards = None
    page = show(lambda a: NewFace(a, SIGNED, CUSTOMER))
    yield "new face"
    machine.staff._known = {ANA.name: "1", **{f"Ana {n}": "1" for n in range(9)}}
    machine.staff.waiting = {"Ana 1"}
    show(lambda a: StaffList(a, ANA, back))
    yield "staff"
    for waits, last in ((True, False), (False, True), (False, False)):
        show(lambda a, k=waits, z=last: Member(a, ANA, ANA.name, back, waits=k, last=z))
        yield "member"
    reasons = ("pin: right_pin", "face: no_match", "suspected_fraud")
    office.refused = [
        Refusal(datetime.now(UTC), CUSTOMER.username, "refused", reasons, 12)
    ] * 9  # fmt: skip
    show(lambda a: Refusals(a, ANA, back))
    yield "refusals"
    show(lambda a: HealthPage(a, ANA, back))
    yield "health"
    machine.healthy = SimpleNamespace(
        disk_free_share=0.0412, disk_short=True, camera="lost", camera_problem="",
        clock=datetime.now(), network="vggface2", other_network="bundled", other_terms="",
        approved=False,
        last_backup=None, log_room=1, key_in_tpm=False, memory=Memory.NONE,
        pause_s=3600.0, pace=1.5, liveness="off", liveness_network=False,
        without_face="attended", dispenser="simulated", admitted=200, admitted_attended=40,
        notes=("A long sentence from the log that tells staff what they should do next. " * 2,) * 3,
    )  # fmt: skip
    show(lambda a: HealthPage(a, ANA, back))
    yield "health, not well"
    show(lambda a: ChangeNetwork(a, ANA, "bundled", "vggface2", "", back))
    yield "network"
    change = Change(app, SIGNED, "bundled", "vggface2")
    show(lambda a: Rebuilding(a, change))
    yield "templates, at first"
    change._progress(9_999, 10_000)
    kiosk.settle(0.05)
    yield "templates"
    names = [known.username for known, _state in office.known]
    show(lambda a: LeftOut(a, change, names))
    yield "templates, left out"
    for made in (Rebuild("vggface2", True, 1, tuple(names)), Rebuild("vggface2", False, 0, ())):
        show(lambda a, made=made: change._result(made, a))
        yield f"network, {made.done}"
    unused = [Inactive(CUSTOMER, date(2024, 9, 30), date(2026, 9, 30), kept) for kept in Kept]
    machine.bank = SimpleNamespace(inactivity=SimpleNamespace(listed=lambda staff: unused))
    show(lambda a: UnusedAccounts(a, ANA, back))
    yield "unused accounts"
    show(lambda a: Holds(a, ANA, back))
    yield "holds"
    page = show(lambda a: SettleHold(a, ANA, hold, CUSTOMER.username, back))
    yield "settle"
    for paid in (True, False):
        page._confirm(paid)
        kiosk.settle(0.05)
        yield "settle, question"
        app.dialog.cancel()
    draft = Draft(ANA, datetime.now(UTC), CUSTOMER.username, LONG)
    step: Any = SimpleNamespace(app=app, saving=None)
    asked = DuplicateConfirmation(step, draft, threading.Event())
    face = DuplicateQuestion(drawn_face(0.0), drawn_face(2.0), CUSTOMER.username, "c" * 32)
    show(lambda a: SameFace(a, asked, face))
    yield "same face"
    show(Saving)
    yield "saving"
    page = show(lambda a: back(a))
    app.idle._touched_at -= 46
    app.window.status_bar.say(page.status())
    kiosk.root.update()
    assert kiosk.screen is page
    yield "signed out soon"
