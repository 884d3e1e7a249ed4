"""Pages that capture the new customer's face, save everything and confirm it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from atm.people import Signatures
from kiosk.layout import Inset
from kiosk.screens.base import Screen
from kiosk.screens.enrolment.draft import Draft
from kiosk.screens.enrolment.same_face import DuplicateConfirmation
from kiosk.screens.enrolment.stepper import steps
from kiosk.screens.named_values import named_values
from kiosk.screens.pictures import Pictures
from kiosk.screens.staff.excused_movements import Movements
from kiosk.screens.staff.second_signature import SecondSignature
from kiosk.shell import Make, Shell
from kiosk.widgets import theme
from kiosk.widgets.status_line import Hair, Pane, card
from kiosk.widgets.top_bar import Chip
from kiosk.words import messages

if TYPE_CHECKING:
    import threading

    from atm.people import Customer

_NAME = 560
"""What a name may take of a line."""


class FaceStep(Pictures):
    """Camera beside a summary of what will be saved."""

    action = messages.N_("Save login details")

    def __init__(self, app: Shell, draft: Draft, back: Make) -> None:
        """Build the page for *draft*; *back* makes the page of its details."""
        super().__init__(app)
        self._draft, self._back_to = draft, back
        self.lay_camera(steps(self, 3), self._summary())

    def chips(self) -> Sequence[Chip]:
        """Return the way back and the movements, until saving has begun, and the way out."""
        if self.saving is not None:
            return [self.cancel_chip()]
        back = Chip(self._("Back"), self._back, symbol="back")
        chips = [back]
        cards = self.app.machine.cards
        if cards is not None and not cards.required:
            words = self._("Without a card") if self._draft.card else self._("With a card")
            chips.append(Chip(words, self._choose_card))
        if self.app.settings.liveness == "challenge":
            chips.append(Chip(self._("Movements left out"), self._movements))
        return [*chips, self.cancel_chip()]

    def cancel(self) -> None:
        """Break off; nothing is saved."""
        self.app.go_home(messages.Notice.NOTHING_STORED)

    def start(self) -> None:
        """Take the pictures, once a second member of staff has signed what one alone may not."""
        draft, back = self._draft, self._back_to
        if isinstance(draft.signed, Signatures) or not self.app.machine.needs_two(
            draft.application()
        ):
            super().start()
            return

        def again(app: Shell) -> FaceStep:
            return FaceStep(app, draft, back)

        def signed(both: Signatures) -> None:
            draft.sign(both)
            self.app.show(again)

        what = self._unusual()
        self.app.show(lambda app: SecondSignature(app, draft.staff, what, signed, again))

    def capture(self, progress: Callable[..., None], cancel: threading.Event) -> Customer:
        """Enrol the customer; where their face is known already, a second member of staff signs."""
        draft = self._draft
        return self.app.machine.enrol(
            draft.application(), staff=draft.signed, progress=progress, cancel=cancel,
            ask=DuplicateConfirmation(self, draft, cancel).ask,
        )  # fmt: skip

    def saved(self, result: Customer) -> None:
        """Show that the customer is saved."""
        self._draft.pin = ""
        self.app.show(lambda app: Saved(app, result))

    def not_saved(self, error: BaseException) -> None:
        """Say why nothing was saved; a name that was taken meanwhile is typed again."""
        if messages.enrolment_error(error) == messages.TAKEN:
            self._back()
        elif self.winfo_exists():
            super().not_saved(error)
        elif getattr(error, "code", "") == "duplicate_face":  # the question stood in its place
            self.app.go_home(messages.Notice.DUPLICATE_FACE)
        else:
            self.app.fault(error)

    def _summary(self) -> Inset:
        """Return the card with what will be saved."""
        _ = self._
        draft = self._draft
        pane = Pane(self)
        rows = [
            (_("Username"), draft.username),
            (_("Full name"), draft.full_name),
            (_("PIN"), "●" * 6),
            (_("Opening balance"), self.language.money(draft.opening_minor)),
        ]
        cards, told = self.app.machine.cards, []
        if cards is not None:
            gets = cards.required or draft.card
            rows.append((_("Card"), _("Yes") if gets else _("No")))
            if gets:
                told = [messages.put_card_in(True, _)]
        told.append(
            _(
                "If you wear glasses every day, keep them on. "
                "PIN and face pictures are saved together, encrypted."
            )
        )
        return card(
            pane,
            self.words(_("New customer"), size=theme.HEADING, weight="bold", on=pane),
            named_values(self, pane, rows),
            Hair(pane),
            self.words(" ".join(told), colour=theme.MUTED, anchor="nw", on=pane),
        )

    def _unusual(self) -> str:
        """Return what a second member of staff signs: the movements excused, or the balance."""
        excused = len(self._draft.excused)
        if excused:
            return self.language.ngettext(
                "{n} movement left out", "{n} movements left out", excused
            )
        amount = self.language.money(self._draft.opening_minor)
        return self._("Opening balance: {amount}").format(amount=amount)

    def _movements(self) -> None:
        draft, back = self._draft, self._back_to
        self.app.show(
            lambda app: DraftMovements(app, draft, lambda app: FaceStep(app, draft, back))
        )

    def _choose_card(self) -> None:
        draft, back = self._draft, self._back_to
        draft.card = not draft.card
        self.app.show(lambda app: FaceStep(app, draft, back))

    def _back(self) -> None:
        self.app.show(self._back_to)


class DraftMovements(Movements):
    """Movements that a login will not ask of the new customer; saved with the customer."""

    def __init__(self, app: Shell, draft: Draft, back: Make) -> None:
        """Build the page for *draft*."""
        super().__init__(app, draft.staff, draft.username, back)
        self._draft = draft
        self.start(draft.excused)

    def keep(self, excused: list[str]) -> None:
        """Note it in the draft and go back to the pictures."""
        self._draft.excused = tuple(excused)
        self.back()


class Saved(Screen):
    """Confirms that the new customer can log in."""

    ends_visit = True

    def __init__(self, app: Shell, customer: Customer, *, attended: bool = False) -> None:
        """Build the page for *customer*; *attended* if they are served without the face."""
        super().__init__(app)
        _ = self._
        if attended:
            needed = _("A PIN, beside a member of staff, is needed from now on.")
        elif app.machine.cards is None:
            needed = _("PIN and face are both needed from now on.")
        else:
            needed = _("PIN, face and the card, if there is one, are needed from now on.")
        bold = self.fonts(theme.HEADING, "bold")
        self.lay_message(
            ("check", theme.OK, theme.OK_SOFT),
            _("{name} can log in now.").format(
                name=self.fonts.fit(customer.full_name, bold, _NAME)
            ),
            _("The username is {username}.").format(
                username=self.fonts.fit(customer.username, self.fonts(theme.BODY), _NAME)
            ),
            needed,
            buttons=[self.button(_("Finish"), app.go_home, look="primary", grow=1)],
            head=steps(self, 5, face=not attended),
        )

    def chips(self) -> Sequence[Chip]:
        """Return none: there is one way on."""
        return []
