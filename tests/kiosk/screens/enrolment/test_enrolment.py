"""Enrolment in a real window, from consent to done."""

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import customtkinter
import pytest

from atm.consent import ConsentVersion
from atm.enrolment.duplicate_face import DuplicateQuestion
from atm.maintenance.first_day import UnpreparedError
from atm.people import Signatures
from credentials.errors import DuplicateUserError
from face_auth.types import EnrolProgress, Movement, Verdict
from kiosk.camera_pane.marks import Marks, Ring
from kiosk.words.consent import PARAGRAPHS, UNUSED
from tests.kiosk.fake_machine import FakeCards, drawn_face
from tests.kiosk.staff_steps import BEN_PIN, sign, words

pytestmark = pytest.mark.gui


@pytest.fixture
def page(kiosk: Any) -> Any:
    """The consent page, after a staff sign-in by keyboard."""
    return consent(kiosk)


def consent(kiosk: Any) -> Any:
    kiosk.key("Tab", "Tab", "Return")
    kiosk.on("StaffSignIn")
    kiosk.type("Ana Ruiz")
    kiosk.key("Return")
    kiosk.type("654321")
    kiosk.key("Return")
    kiosk.on("Consent")
    return kiosk


def to_face(page: Any) -> None:
    """Agree and type everything up to the face step."""
    page.touch(page.screen.yes)
    page.on("Details")
    page.type("jose")
    page.key("Return")
    page.type("Jose Diaz")
    page.key("Return")
    page.type("1350.50")
    page.key("Return")
    page.on("CustomerPin")
    for _ in range(2):
        page.type("4713")
        page.key("Return")
    page.on("FaceStep")
    page.until(lambda: page.screen.save.enabled)


def test_a_customer_is_enrolled_with_what_was_typed(page: Any, machine: Any) -> None:
    before = datetime.now(UTC)
    to_face(page)
    page.key("Return")
    page.on("Saved")
    application = machine.enrolled[0]
    assert (application.username, application.full_name) == ("jose", "Jose Diaz")
    assert (application.opening_minor, application.pin) == (135_050, "4713")
    assert before <= application.consent_at <= datetime.now(UTC)
    page.key("Return")
    page.on("Home")


@pytest.mark.parametrize("days", [0, 365])
def test_the_version_of_the_text_that_was_read_is_kept_with_the_consent(
    machine: Any, settings: Any, kiosk_on: Any, days: int
) -> None:
    page = consent(
        kiosk_on(machine, settings=dataclasses.replace(settings, keep_inactive_days=days))
    )
    shown = {" ".join(text.split()) for text in words(page.screen)}
    assert any("365 days" in text for text in shown) is (days == 365)
    texts = ["May we keep your face and your PIN?"]
    texts += [text for _icon, *both in PARAGRAPHS for text in both]
    if days:
        texts += [UNUSED[1], UNUSED[2].replace("{days}", "365")]
    assert set(texts) <= shown
    to_face(page)
    page.key("Return")
    page.on("Saved")
    version = machine.enrolled[0].consent
    assert (version.number, version.language, version.keep_days) == (1, "en", days)
    assert ConsentVersion.of(1, "en", days, texts) == version


def test_a_no_stores_nothing(page: Any, machine: Any) -> None:
    page.touch(page.screen.no)
    page.on("Home")
    assert page.screen.line.sentence == "Nothing was stored."
    assert machine.calls == []


@pytest.fixture
def without_face(machine: Any, kiosk_on: Callable[..., Any]) -> Any:
    """The consent page of a kiosk that serves without the face."""
    machine.staff._known["Ben Okafor"] = BEN_PIN
    settings = dataclasses.replace(machine.settings, without_face="attended")
    return consent(kiosk_on(machine, settings=settings))


def to_signature(page: Any) -> None:
    """Agree without the face and type everything up to the second signature."""
    page.touch(page.screen.without)
    page.on("Details")
    assert "Face" not in words(page.screen), "a step that will not come"
    for text in ("jose", "Jose Diaz", "0"):
        page.type(text)
        page.key("Return")
    page.on("CustomerPin")
    for _ in range(2):
        page.type("4713")
        page.key("Return")


def test_a_customer_is_enrolled_without_the_face_by_two_signatures(
    without_face: Any, machine: Any
) -> None:
    page = without_face
    assert "no picture is taken" in " ".join(words(page.screen))
    to_signature(page)
    sign(page, "Ana Ruiz", "654321")
    page.settle(0.3)
    assert machine.enrolled == [], "one signed twice"
    sign(page, "Ben Okafor", BEN_PIN)
    page.on("Saved")
    assert "Face" not in words(page.screen)
    assert "A PIN, beside a member of staff" in " ".join(words(page.screen))
    application = machine.enrolled[0]
    assert (application.username, application.pin) == ("jose", "4713")
    assert machine.calls == ["enrol_attended jose"], "pictures were taken"
    assert machine.signed_by == [["Ana Ruiz", "Ben Okafor"]]


def test_a_username_that_was_taken_meanwhile_is_typed_again(
    without_face: Any, machine: Any
) -> None:
    machine.act_error = DuplicateUserError("The username jose is taken.")
    to_signature(without_face)
    sign(without_face, "Ben Okafor", BEN_PIN)
    without_face.on("Details")
    assert machine.enrolled == []


def test_nobody_is_offered_it_where_it_is_off(page: Any) -> None:
    assert not hasattr(page.screen, "without")
    assert "without" not in " ".join(words(page.screen))


def test_neither_answer_is_suggested_and_escape_is_a_no(page: Any) -> None:
    page.key("Return")
    page.settle(0.05)
    assert type(page.screen).__name__ == "Consent"
    page.key("Escape")
    page.on("Home")


def test_what_is_wrong_is_said_under_its_field(page: Any) -> None:
    page.touch(page.screen.yes)
    page.on("Details")
    assert "Face" in words(page.screen)
    username, full_name, opening = page.screen.fields
    page.key("Return", "Return", "Return")
    assert username.error == "Type a username."
    page.type("taken")
    page.key("Return", "Return", "Return")
    assert full_name.error == "Type a name." and username.error == ""
    page.type("Jose")
    page.key("Return", "Return")
    assert opening.error == "Type an amount."
    page.type("1350")
    page.key("Return")
    page.until(lambda: username.error)
    assert username.error == "This username is taken."
    assert page.app.focus.current is username


def test_the_pin_is_typed_twice(page: Any) -> None:
    page.touch(page.screen.yes)
    page.on("Details")
    page.screen.fields[0].text = "jose"
    page.screen.fields[1].text = "Jose"
    page.screen.fields[2].take_focus()
    page.type("0")
    page.key("Return")
    page.on("CustomerPin")
    pin, again = page.screen.fields
    page.type("471")
    page.key("Return")
    assert pin.error == "A PIN has 4 to 12 digits."
    page.type("3")
    page.key("Return")
    page.type("4714")
    page.key("Return")
    assert pin.error == "The two PINs differ. Type both again."
    assert (pin.text, again.text) == ("", "")


def test_pictures_are_counted_in_arcs_and_in_the_status_bar(page: Any, machine: Any) -> None:
    machine.held = True
    to_face(page)
    page.touch(page.screen.save)
    page.until(lambda: page.screen.view._marks == Marks(Ring.ARCS, 2, 5, "right"))
    line = page.screen.line
    assert (line.tone, line.sentence) == ("right", "Turn a little towards the arrow")
    status = page.app.window.status_bar
    assert status.left.cget("text") == "2 of 5 pictures"
    assert status._bar.winfo_ismapped() and status._bar.get() == pytest.approx(0.4)
    assert page.screen.save.cget("text") == "Taking pictures…" and not page.screen.save.enabled
    assert [chip.face.cget("text") for chip in page.app.window.top.chips] == ["Cancel", "Help"]
    machine.hold.set()
    page.on("Saved")
    assert not status._bar.winfo_ismapped()


def test_five_pictures_are_not_called_all_while_an_arrow_remains(page: Any, machine: Any) -> None:
    machine.held = True
    to_face(page)
    page.touch(page.screen.save)
    page.until(lambda: page.screen.view._marks == Marks(Ring.ARCS, 2, 5, "right"))
    status, view = page.app.window.status_bar.left, page.screen.view
    page.screen._progress(EnrolProgress(5, 5, Verdict.OK, Movement.UP))
    assert status.cget("text") == "Pictures taken. Follow the last arrows."
    assert view._marks == Marks(Ring.ARCS, 4, 5, "up")  # not all of it is green
    page.screen._progress(EnrolProgress(5, 5, Verdict.OK, None))
    assert status.cget("text") == "5 of 5 pictures"
    assert view._marks == Marks(Ring.ARCS, 4, 5)  # the check goes on
    page.screen._progress(EnrolProgress(5, 5, Verdict.OK, over=True))
    assert view._marks == Marks(Ring.ARCS, 5, 5)
    machine.hold.set()


def test_a_new_customer_can_be_excused_before_the_pictures(page: Any, machine: Any) -> None:
    to_face(page)
    page.touch(page.app.window.top.chips[1])
    page.on("DraftMovements")
    page.touch(page.screen.listing.rows[2])
    page.touch(page.screen.save)
    page.on("FaceStep")
    page.touch(page.app.window.top.chips[1])
    page.on("DraftMovements")
    assert page.screen._excused == {"look_up"}
    page.touch(page.screen.stop)
    page.on("FaceStep")
    page.touch(page.screen.save)
    machine.staff._known["Ben Okafor"] = BEN_PIN
    sign(page, "Ben Okafor", BEN_PIN)
    page.on("FaceStep")
    page.until(lambda: page.screen.save.enabled)
    page.touch(page.screen.save)
    page.on("Saved")
    assert [one.excused for one in machine.enrolled] == [("look_up",)]
    assert machine.signed_by == [["Ana Ruiz", "Ben Okafor"]]


@pytest.fixture
def limited(machine: Any, settings: Any, kiosk_on: Callable[..., Any]) -> Any:
    """The consent page of a kiosk where one alone opens accounts with up to 1,000."""
    machine.settings = dataclasses.replace(settings, opening_limit=1000)
    machine.staff._known["Ben Okafor"] = BEN_PIN
    return consent(kiosk_on(machine, settings=machine.settings))


def test_a_balance_above_the_limit_is_signed_by_two_as_it_stands(
    limited: Any, machine: Any
) -> None:
    to_face(limited)
    limited.touch(limited.screen.save)
    limited.on("SecondSignature")
    assert any("1,350.50" in text for text in words(limited.screen))
    limited.key("Escape")
    limited.on("FaceStep")
    assert machine.calls == []
    limited.until(lambda: limited.screen.save.enabled)
    limited.touch(limited.screen.save)
    sign(limited, "Ben Okafor", BEN_PIN)
    limited.on("FaceStep")
    draft = limited.screen._draft
    assert isinstance(draft.signed, Signatures)
    draft.opening_minor += 1  # what was not signed
    assert not isinstance(draft.signed, Signatures)
    draft.opening_minor -= 1
    limited.until(lambda: limited.screen.save.enabled)
    limited.touch(limited.screen.save)
    limited.on("Saved")
    assert machine.signed_by == [["Ana Ruiz", "Ben Okafor"]]


def test_a_folder_that_is_not_prepared_says_what_is_missing(page: Any, machine: Any) -> None:
    def unprepared(_name: str, *, staff: object) -> str:
        raise UnpreparedError("Before the first customer: back up the keys.")

    machine.check_username = unprepared
    page.touch(page.screen.yes)
    page.on("Details")
    for text in ("jose", "Jose Diaz", "0"):
        page.type(text)
        page.key("Return")
    page.on("NotDone")
    assert page.screen.said.cget("text") == "Before the first customer: back up the keys."


def test_home_signs_staff_out_whatever_the_page(page: Any, machine: Any) -> None:
    page.touch(page.screen.yes)
    page.on("Details")
    assert machine.staff.signed_in == 1
    page.key("Escape")
    page.on("Home")
    assert machine.staff.signed_in == 0


def test_guidance_goes_on_while_pictures_are_taken(page: Any, machine: Any) -> None:
    machine.held = True
    to_face(page)
    machine.verdict = Verdict.TOO_FAR
    page.until(lambda: page.screen.line.sentence == "Come a little closer")
    page.touch(page.screen.save)
    page.until(lambda: page.screen.view._marks == Marks(Ring.ARCS, 2, 5, "right"))
    assert page.screen.line.sentence == "Come a little closer"
    machine.hold.set()


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("no_face_in_time", "Too few good pictures. Press Save again."),
        ("not_one_person", "More than one person. Press Save again."),
        ("not_live", "Follow the arrows yourself. Press Save again."),
        ("camera_lost", "The camera stopped. Press Save again."),
    ],
)
def test_what_did_not_come_about_is_said_and_can_be_tried_again(
    page: Any, machine: Any, code: str, sentence: str
) -> None:
    to_face(page)
    machine.enrol_error = code
    page.key("Return")
    page.until(lambda: page.screen.line.tone == "bad")
    assert page.screen.line.sentence == sentence
    assert machine.enrolled == []
    machine.enrol_error = ""
    page.key("Return")
    page.on("Saved")


def test_cancelling_saves_nothing(page: Any, machine: Any) -> None:
    machine.held = True
    to_face(page)
    page.key("Return")
    page.until(lambda: page.screen.view._marks == Marks(Ring.ARCS, 2, 5, "right"))
    page.key("Escape")
    page.on("Home")
    machine.hold.set()
    page.settle(0.3)
    assert machine.enrolled == []
    assert page.screen.line.sentence == "Nothing was stored."


def test_the_details_can_be_changed_before_saving(page: Any) -> None:
    to_face(page)
    page.touch(page.app.window.top.chips[0].face)
    page.on("Details")
    assert [field.text for field in page.screen.fields] == ["jose", "Jose Diaz", "1350.50"]
    page.key("Return", "Return", "Return")
    page.on("CustomerPin")
    assert page.screen.fields[0].text == ""  # a PIN is typed anew


@pytest.fixture
def asked(page: Any, machine: Any) -> Any:
    """The question whether the new customer is one who is enrolled already."""
    machine.staff._known["Ben Okafor"] = "271828"
    machine.question = DuplicateQuestion(drawn_face(0.0), drawn_face(2.0), "maria.lopez", "c" * 32)
    to_face(page)
    page.key("Return")
    page.on("SameFace")
    return page


def test_a_face_that_is_known_is_a_question_with_both_pictures(asked: Any, machine: Any) -> None:
    asked.settle(0.3)
    assert machine.seconds == [] and machine.enrolled == []  # the worker waits
    shown = [w for w in every(asked.screen) if getattr(w, "_image", None) is not None]
    sizes = [w.cget("image").cget("size") for w in shown]
    assert len([size for size in sizes if size == max(sizes) and size[0] >= 200]) == 2
    said = [w.cget("text") for w in every(asked.screen) if isinstance(w, customtkinter.CTkLabel)]
    assert {"jose", "maria.lopez"} <= set(said)


def test_two_people_with_faces_alike_are_signed_by_two(asked: Any, machine: Any) -> None:
    asked.touch(asked.screen.sign_button)
    asked.on("SecondSignature")
    asked.key("Escape")  # look at the pictures again
    asked.on("SameFace")
    asked.touch(asked.screen.sign_button)
    asked.on("SecondSignature")
    asked.type("Ben Okafor")
    asked.key("Return")
    machine.hold.clear()
    asked.type("271828")
    asked.key("Return")
    asked.on("Saving")
    said = [w.cget("text") for w in every(asked.screen) if isinstance(w, customtkinter.CTkLabel)]
    assert {"Saving…", "Details", "Done"} <= set(said)  # no blank page before the next one
    machine.hold.set()
    asked.on("Saved")
    assert [member.name for member in machine.seconds] == ["Ben Okafor"]
    assert [each.username for each in machine.enrolled] == ["jose"]


@pytest.mark.parametrize("way", ["Escape", "button", "left"])
def test_without_a_second_signature_nothing_is_saved(asked: Any, machine: Any, way: str) -> None:
    if way == "Escape":
        asked.key("Escape")
    elif way == "button":
        asked.touch(asked.screen.stop)
    else:
        asked.touch(asked.screen.sign_button)
        asked.on("SecondSignature")
        asked.app.go_home()  # signed out after a minute
    asked.on("Home")
    asked.until(lambda: machine.seconds == [None])
    assert machine.enrolled == []


def every(widget: Any) -> list[Any]:
    """Return *widget* and all that is in it."""
    return [widget, *(each for child in widget.winfo_children() for each in every(child))]


def said(page: Any) -> str:
    return " ".join(words(page.screen))


def chip(page: Any, name: str) -> Any:
    return next(c for c in page.app.window.top.chips if c.face.cget("text") == name)


def test_who_wants_a_card_gets_one_where_it_is_optional(page: Any, machine: Any) -> None:
    machine.cards = FakeCards(required=False)
    to_face(page)
    assert "Put your card" not in said(page)
    chip(page, "With a card").press()
    page.until(lambda: page.screen.save.enabled)
    assert "Put your card in the reader." in said(page)
    page.key("Return")
    page.on("Saved")
    assert machine.enrolled[0].card is True
    assert "PIN, face and the card, if there is one, are needed from now on." in said(page)


def test_a_required_card_is_asked_for_and_its_failure_is_said(page: Any, machine: Any) -> None:
    machine.cards = FakeCards()
    machine.enrol_error = "card"
    to_face(page)
    assert "Put your card in the reader." in said(page)
    assert "With a card" not in [c.face.cget("text") for c in page.app.window.top.chips]
    page.key("Return")
    sentence = "Card not registered. Check it. Press Save again."
    page.until(lambda: page.screen.line.sentence == sentence)
    assert machine.enrolled == []
