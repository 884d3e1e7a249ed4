"""Pages for a new customer's details, typed by staff, and the PIN, typed by the customer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from atm.accounts.money import parse_amount
from credentials.policy import normalise_full_name, normalise_username
from kiosk.screens.customer_pin_form import CustomerPinForm
from kiosk.screens.enrolment.draft import Draft
from kiosk.screens.enrolment.face_step import FaceStep
from kiosk.screens.enrolment.stepper import steps
from kiosk.screens.enrolment.without_face import sign_without_face
from kiosk.screens.form import Form
from kiosk.screens.staff.staff_page import NotDone, staff_sentence
from kiosk.shell import Make, Shell
from kiosk.widgets.top_bar import Chip
from kiosk.words import messages


class Details(Form):
    """Username, full name and opening balance."""

    action = messages.N_("Next")

    def __init__(self, app: Shell, draft: Draft) -> None:
        """Build the page with what *draft* has already."""
        self._draft = draft
        super().__init__(app)
        for field, text in zip(
            self.fields, (draft.username, draft.full_name, draft.opening_text), strict=True
        ):
            field.text = text

    def prepare(self) -> Any:
        """Add the three fields; returns the steps."""
        _ = self._
        self.add_fields(
            [
                (_("Username"), "text", _("What the customer will type to log in.")),
                (_("Full name"), "text", _("As on the identity document.")),
                (_("Opening balance"), "amount", _("0 if nothing is paid in.")),
            ],
            prefix=self.language.symbol,
        )
        return steps(self, 2, face=not self._draft.without_face)

    def chips(self) -> Sequence[Chip]:
        """Return the way back."""
        return [self.cancel_chip()]

    def explanation(self) -> tuple[str, str]:
        """Return who types here, and what to check first."""
        _ = self._
        return (
            _("Typed by staff"),
            _("Check the identity document first. The customer types the PIN on the next page."),
        )

    def go_on(self) -> None:
        """Check the fields; the store is read on a worker."""
        username, full_name, opening = self.fields
        currency = self.app.settings.currency
        for field, judge, what in (
            (username, normalise_username, "username"),
            (full_name, normalise_full_name, "name"),
            (opening, lambda text: parse_amount(text, currency), "amount"),
        ):
            if not self.check(field, judge, what):
                return
        draft = self._draft
        draft.full_name = normalise_full_name(full_name.text)
        draft.opening_minor = parse_amount(opening.text, currency)
        draft.opening_text = opening.text
        self.busy(True)
        machine, name = self.app.machine, username.text
        self.work(
            lambda _attempt: machine.check_username(name, staff=draft.staff),
            done=self._free, failed=self._taken,
        )  # fmt: skip

    def _free(self, username: str) -> None:
        self._draft.username = username
        draft = self._draft
        self.app.show(lambda app: CustomerPin(app, draft, lambda app: Details(app, draft)))

    def _taken(self, error: BaseException) -> None:
        sentence = None
        if isinstance(error, Exception):
            sentence = messages.field_error(error, "username", self.language)
        if sentence is None:
            told, staff = staff_sentence(error), self._draft.staff
            if told is None:
                self.app.fault(error)
            else:
                self.app.show(lambda app: NotDone(app, staff, told))
            return
        self.busy(False)
        self.complain(self.fields[0], sentence)


class CustomerPin(CustomerPinForm):
    """The PIN, typed twice by the customer."""

    action = messages.N_("Next")

    def __init__(self, app: Shell, draft: Draft, back: Make) -> None:
        """Build the page, *back* from which are the details; a PIN is never filled in again."""
        self._draft, self._back = draft, back
        self._again: Make = lambda app: CustomerPin(app, draft, back)
        draft.pin = ""
        super().__init__(app)

    def prepare(self) -> Any:
        """Add the two fields; returns the steps."""
        self.add_pins()
        return steps(self, 2, face=not self._draft.without_face)

    def chips(self) -> Sequence[Chip]:
        """Return the way back to the details, and out."""
        back = Chip(self._("Back"), lambda: self.app.show(self._back), symbol="back")
        return [back, self.cancel_chip()]

    def take(self, pin: str) -> None:
        """Go to the face, or to the second signature in its place."""
        draft, back = self._draft, self._back
        draft.pin = pin
        if draft.without_face:
            self.app.show(lambda app: sign_without_face(app, draft, self._again, back))
        else:
            self.app.show(lambda app: FaceStep(app, draft, back))
