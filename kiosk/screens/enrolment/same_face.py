"""Duplicate question: two faces side by side, and a second member of staff who signs."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import customtkinter
from PIL import Image, ImageOps

from kiosk.screens.base import Screen
from kiosk.screens.enrolment.draft import Draft
from kiosk.screens.enrolment.stepper import draw_steps
from kiosk.screens.pictures import Pictures
from kiosk.screens.staff.second_signature import SecondSignature
from kiosk.screens.staff.staff_page import FULL, StaffPage
from kiosk.shell import Shell
from kiosk.widgets import theme
from kiosk.widgets.buttons import Label, at
from kiosk.widgets.status_line import StatusLine, card, disc
from kiosk.widgets.top_bar import Chip, fit
from kiosk.words import messages

if TYPE_CHECKING:
    from atm.enrolment.duplicate_face import DuplicateQuestion
    from atm.people import Signatures, StaffMember

_POLL_S = 0.1
_PICTURE = 308
_CARD_HIGH = 356
_SAVING = 760


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
        self.head(_("Is this the same person?"))
        half = (FULL - 24) // 2
        body, strong = self.fonts(theme.BODY), self.fonts(theme.BODY, "semibold")
        for number, (title, name, picture) in enumerate(
            (
                (_("New customer"), draft.username, question.new_face),
                (_("Enrolled already"), question.username, question.other_face),
            )
        ):
            pane: Any = card(self, half, _CARD_HIGH)
            self.put(pane, theme.MARGIN + number * (half + 24), 164)
            at(_photograph(pane, picture), 24, (_CARD_HIGH - _PICTURE) // 2)
            room = half - _PICTURE - 72
            at(Label(pane, title, body, colour=theme.MUTED, width=room), _PICTURE + 48, 136)
            at(
                Label(pane, fit(self, name, strong, room), strong, width=room, height=40),
                _PICTURE + 48, 176,
            )  # fmt: skip
        line = StatusLine(self, self.fonts, width=FULL, height=66)
        line.say(
            "warn", _("If they are two people, such as twins, a second member of staff signs.")
        )
        self.put(line, theme.MARGIN, 540)
        stop = self.button(
            _("Cancel"), self.cancel, theme.MARGIN, 628, half, look="primary", height=theme.KEY
        )
        self.sign_button = self.button(
            _("Two people: sign"), self._sign, theme.MARGIN + half + 24, 628, half,
            height=theme.KEY,
        )  # fmt: skip
        self.stop = stop

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

    def __init__(self, app: Shell) -> None:
        """Build the page."""
        super().__init__(app)
        draw_steps(self, 4)
        pane: Any = card(self, _SAVING, 372)
        self.put(pane, (theme.PAGE_WIDTH - _SAVING) // 2, 200)
        at(disc(pane, "hold", theme.PRIMARY, theme.SOFT), (_SAVING - 96) // 2, 44)
        for text, font, colour, y in (
            (self._("Saving…"), self.fonts(theme.HEADING, "bold"), theme.INK, 164),
            (self._(messages.WAIT), self.fonts(theme.BODY), theme.MUTED, 228),
        ):
            words = Label(
                pane, text, font, colour=colour, width=_SAVING - 64, height=48, anchor="center"
            )
            at(words, 32, y)

    def chips(self) -> Sequence[Chip]:
        """Return none: there is nothing to do."""
        return []


def _photograph(pane: Any, picture: Any) -> Any:
    """Return a label with *picture*, uint8 RGB of shape (h, w, 3), cut to a square."""
    shown = ImageOps.fit(Image.fromarray(picture), (2 * _PICTURE, 2 * _PICTURE))
    return customtkinter.CTkLabel(
        pane, text="", width=_PICTURE, height=_PICTURE,
        image=customtkinter.CTkImage(light_image=shown, size=(_PICTURE, _PICTURE)),
    )  # fmt: skip
