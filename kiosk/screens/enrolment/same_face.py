"""Duplicate question: two faces side by side, and a second member of staff who signs."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import customtkinter
from PIL import Image, ImageOps

from kiosk.layout import Column, Reflow, Row, Space
from kiosk.screens.base import Screen
from kiosk.screens.enrolment.draft import Draft
from kiosk.screens.enrolment.stepper import steps
from kiosk.screens.pictures import Pictures
from kiosk.screens.staff.second_signature import SecondSignature
from kiosk.screens.staff.staff_page import StaffPage
from kiosk.shell import Shell
from kiosk.widgets import theme
from kiosk.widgets.fitted import Fixed
from kiosk.widgets.status_line import Pane, StatusLine, card
from kiosk.widgets.top_bar import Chip
from kiosk.words import messages

if TYPE_CHECKING:
    from atm.enrolment.duplicate_face import DuplicateQuestion
    from atm.people import Signatures, StaffMember

_POLL_S = 0.1
_PICTURE = 240


class Photograph(Fixed, customtkinter.CTkLabel):  # type: ignore[misc]
    """A picture of a face, uint8 RGB of shape (h, w, 3), cut to a square."""

    measures = (_PICTURE, _PICTURE)

    def __init__(self, pane: Any, picture: Any) -> None:
        """Show *picture* on *pane*."""
        shown = ImageOps.fit(Image.fromarray(picture), (2 * _PICTURE, 2 * _PICTURE))
        super().__init__(
            pane, text="", width=_PICTURE, height=_PICTURE,
            image=customtkinter.CTkImage(light_image=shown, size=self.measures),
        )  # fmt: skip


class DuplicateConfirmation:
    """Carries the duplicate question from the worker to the window, and the answer back."""

    def __init__(self, page: Pictures, draft: Draft, cancel: threading.Event) -> None:
        """Ask about *draft* in the place of *page*; *cancel* ends the waiting."""
        self.page, self.draft = page, draft
        self._cancel = cancel
        self._answered = threading.Event()
        self._second: StaffMember | None = None

    def ask(self, question: DuplicateQuestion) -> StaffMember | None:
        """Return who signed that these are two people; None: do not go on. Blocks the worker."""
        self.page.app.worker.post(lambda: self._show(question))
        while not self._answered.wait(_POLL_S):
            if self._cancel.is_set():
                return None
        return self._second

    def answer(self, second: StaffMember) -> None:
        """Let the enrolment go on; called on the Tk thread."""
        self._second = second
        self._answered.set()

    def _show(self, question: DuplicateQuestion) -> None:
        attempt = self.page.saving
        if attempt is None or attempt.over:
            return  # the page was left meanwhile
        self.page.app.show(lambda app: self.hand_over(SameFace(app, self, question)))

    def hand_over(self, page: Screen) -> Screen:
        """Let the enrolment wait on while *page* takes the place of the one in front."""
        before = page.app.screen
        assert self.page.saving is not None and isinstance(before, Screen)
        return before.hand_over(self.page.saving, page)


class SameFace(StaffPage):
    """Page with both pictures side by side."""

    def __init__(
        self, app: Shell, confirmation: DuplicateConfirmation, question: DuplicateQuestion
    ) -> None:
        """Build the page for *question*."""
        super().__init__(app)
        self._confirmation, self._question = confirmation, question
        draft = confirmation.draft
        self.sign(draft.staff)
        _ = self._
        faces = []
        for title, name, picture in (
            (_("New customer"), draft.username, question.new_face),
            (_("Already a customer"), question.username, question.other_face),
        ):
            pane = Pane(self)
            told = Column(
                Space(grow=1),
                self.words(title, colour=theme.MUTED, on=pane),
                self.words(name, weight="semibold", cut=True, on=pane),
                Space(grow=1), gap=4, grow=1, least=140,
            )  # fmt: skip
            shown = Photograph(pane, picture)
            faces.append(card(pane, Row(shown, told, gap=24), sides=24, grow=1))
        line = StatusLine(self, self.fonts)
        line.say(
            "warn", _("If they are two people, such as twins, a second member of staff signs.")
        )
        self.add(line)
        self.stop = self.button(_("Cancel"), self.cancel, look="primary", grow=1)
        self.sign_button = self.button(_("Two people: sign"), self._sign, grow=1)
        self.lay(
            self.heading(_("Is this the same person?")),
            Reflow(*faces, gap=24),
            line,
            Space(grow=1),
            Reflow(self.stop, self.sign_button, gap=24),
        )

    def chips(self) -> Sequence[Chip]:
        """Return the way out."""
        return [self.cancel_chip()]

    def cancel(self) -> None:
        """Save nothing."""
        self.app.go_home(messages.Notice.NOTHING_STORED)

    def _sign(self) -> None:
        confirmation, question, staff = self._confirmation, self._question, self.staff
        what = self._("Two people with faces alike")

        def back(app: Shell) -> Screen:
            return confirmation.hand_over(SameFace(app, confirmation, question))

        self.app.show(
            lambda app: confirmation.hand_over(
                SecondSignature(app, staff, what, self._signed, back)
            )
        )

    def _signed(self, signed: Signatures) -> None:
        confirmation, app = self._confirmation, self.app
        app.show(lambda app: confirmation.hand_over(Saving(app)))
        confirmation.answer(signed.second)


class Saving(Screen):
    """Page until the new customer is saved; it looks like the page that follows."""

    def __init__(self, app: Shell, *, face: bool = True) -> None:
        """Build the page; *face* says whether the face was captured."""
        super().__init__(app)
        self.lay_message(
            ("hold", theme.PRIMARY, theme.SOFT), self._("Saving…"), self._(messages.WAIT),
            buttons=[], head=steps(self, 4, face=face),
        )  # fmt: skip

    def chips(self) -> Sequence[Chip]:
        """Return none: there is nothing to do."""
        return []
