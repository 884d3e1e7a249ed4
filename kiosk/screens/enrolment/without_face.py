"""Enrolment of a customer without the face: a second signature in the place of the pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kiosk.screens.enrolment.draft import Draft
from kiosk.screens.enrolment.face_step import Saved
from kiosk.screens.enrolment.same_face import Saving
from kiosk.screens.staff.second_signature import SecondSignature
from kiosk.screens.staff.staff_page import NotDone, staff_sentence
from kiosk.shell import Make, Page, Shell
from kiosk.words import messages

if TYPE_CHECKING:
    from atm.people import Customer, Signatures


def sign_without_face(app: Shell, draft: Draft, back: Make, details: Make) -> Page:
    """Make the page where a second member of staff signs *draft*, which is saved then.

    Args:
        app: The window.
        draft: What was typed, PIN included.
        back: Makes the page of the PIN.
        details: Makes the page of the details, for a username that was taken meanwhile.
    """
    what = app.language.gettext("Serve without the face")

    def signed(both: Signatures) -> None:
        app.show(lambda app: SavingWithoutFace(app, draft, both, details))

    return SecondSignature(app, draft.staff, what, signed, back)


class SavingWithoutFace(Saving):
    """Page until the new customer is saved."""

    def __init__(self, app: Shell, draft: Draft, both: Signatures, details: Make) -> None:
        """Save *draft*, which *both* sign; *details* makes the page to correct the username."""
        super().__init__(app, face=False)
        self._draft, self._details = draft, details
        machine, application = app.machine, draft.application()
        draft.pin = ""
        self.work(
            lambda _attempt: machine.enrol_attended(application, signed=both),
            done=self._saved, failed=self._not_saved,
        )  # fmt: skip

    def _saved(self, customer: Customer) -> None:
        self.app.show(lambda app: Saved(app, customer, attended=True))

    def _not_saved(self, error: BaseException) -> None:
        told, staff = staff_sentence(error), self._draft.staff
        if messages.enrolment_error(error) == messages.TAKEN:
            self.app.show(self._details)
        elif told is not None:
            self.app.show(lambda app: NotDone(app, staff, told))
        else:
            self.app.fault(error)
