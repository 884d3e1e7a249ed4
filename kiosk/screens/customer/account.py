"""Account page: balance and transactions on demand, withdrawals, and a change of PIN."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from atm.accounts.accounts import LedgerError, Withdrawal
from atm.accounts.dispenser import SIMULATED
from atm.accounts.money import AmountError, parse_amount
from atm.accounts.session import HeldError, ReturnedError, Session
from kiosk.layout import Column, Grid, Reflow, Row
from kiosk.screens.customer.balance import BalanceCard
from kiosk.screens.customer.change_pin import ChangePin
from kiosk.screens.customer.money import AmountHeld, TakeMoney
from kiosk.screens.customer.session_page import SessionPage
from kiosk.shell import Make, Shell
from kiosk.widgets import theme
from kiosk.widgets.buttons import Button
from kiosk.widgets.fields import Field
from kiosk.widgets.focus import Control
from kiosk.widgets.keypads import DigitPad
from kiosk.words import messages
from kiosk.worker import Attempt

PRESETS = (2, 4, 6, 10, 20, 30)
"""In smallest notes: 20, 40, 60, 100, 200 and 300 where that is 10."""


class Account(SessionPage):
    """Page of an open account; leaving it logs the customer out."""

    def __init__(self, app: Shell, session: Session, since: datetime | None = None) -> None:
        """Build the page for *session*, open since a given time or now."""
        super().__init__(app)
        self.open_session(session, since)
        self._pad_open = False
        opened = self.since
        self._again: Make = lambda app: Account(app, session, opened)
        self.card = BalanceCard(self, session, lambda: self.presets[0])
        self.balance, self.show_button = self.card.balance, self.card.show_button
        self.leave = self.button(
            self._("Log out"), self.log_out, look="quiet", high=theme.TOUCH, grow=1
        )
        self.change = self.button(
            self._("Change PIN"), self._change_pin, look="quiet", high=theme.TOUCH, grow=1
        )
        self.change.enable(not session.attended)  # it is judged by the face; staff give a new PIN
        left = Column(self.card.part, Row(self.leave, self.change), grow=1, least=theme.COLUMN)
        self.lay(Reflow(left, self._money(), gap=theme.COLUMN_GAP, grow=1))

    def first_focus(self) -> Control | None:
        """Return the button that shows the balance."""
        return self.show_button

    def cancel(self) -> None:
        """Put the digits away, or log out."""
        if self._pad_open:
            self._open_pad(False)
        else:
            self.log_out()

    def stops(self) -> Sequence[Control]:
        """Return the controls in reading order."""
        middle: list[Control] = [*self.pad.keys] if self._pad_open else [*self.presets]
        last: list[Control] = [self.amount, self.withdraw]
        if self._pad_open:
            middle = [self.amounts, *middle]
        return [self.show_button, self.leave, self.change, *middle, *last]

    def enter_in(self, field: Field) -> None:
        """Withdraw what was typed."""
        self.withdraw.press()

    def typed_by_key(self, field: Field) -> None:
        """Put the digits away: there is a keyboard."""
        self._calm()
        self._open_pad(False)

    def refresh(self) -> None:
        """Hide the balance again, once nobody attends to it."""
        self.card.refresh()

    def pause(self) -> None:
        """Hide what is private before a dialog lies over it."""
        self.card.hide()

    def _change_pin(self) -> None:
        session, since, back = self.session, self.since, self._again
        self.go_on_to(lambda app: ChangePin(app, session, since, back))

    # Money.

    def _money(self) -> Column:
        """Make what pays money out; returns its layout."""
        _ = self._
        settings = self.app.settings
        note = settings.smallest_note
        self.amounts = self.button(_("Amounts"), lambda: self._open_pad(False), high=theme.TOUCH)
        self.presets: list[Button] = []
        offered = [n * note for n in PRESETS if n * note <= settings.day_limit]
        for major in offered:
            minor = self.language.minor(major)
            preset = Button(
                self, self.language.notes(minor), lambda m=minor: self._confirm(m),  # type: ignore[misc]
                self.fonts, high=104, size=theme.HEADING, grow=1,
            )  # fmt: skip
            self.presets.append(self.add(preset))
        self.pad = DigitPad(self, self.fonts, lambda: self.amount, _)
        caption = _("Another amount (multiples of {note})").format(note=note)
        self.amount = Field(
            self, caption, self.fonts, kind="amount", note="", prefix=self.language.symbol, grow=3
        )
        self.add(self.amount)
        self.amount.touched = lambda _field: self._open_pad(True)
        self.typing = self.amount
        self.withdraw = self.button(
            _("Withdraw"), self._typed, look="primary", high=theme.TOUCH, busy_when_disabled=True
        )
        self.amount.beside = self.withdraw
        self._offered = Grid(*self.presets, columns=2, most=theme.TILE, grow=1)
        self.amounts.shown = self.pad.shown = False
        self.heading_of_money = self.words(_("Withdraw"), size=theme.HEADING, weight="bold", grow=1)
        return Column(
            Row(self.heading_of_money, self.amounts), self._offered, self.pad, self.amount,
            grow=1, least=theme.COLUMN,
        )  # fmt: skip

    def _open_pad(self, wanted: bool) -> None:
        if wanted == self._pad_open:
            return
        self._pad_open = wanted
        self.show_part(self.pad, wanted)
        self.show_part(self.amounts, wanted)
        self.show_part(self._offered, not wanted)

    def _typed(self) -> None:
        self._calm()
        try:
            minor = parse_amount(self.amount.text, self.app.settings.currency)
        except AmountError as error:
            self._complain(self._(messages.AMOUNT.get(error.code, messages.AMOUNT["not_a_number"])))
            return
        if minor == 0:
            self._complain(self._(messages.NOT_POSITIVE))
            return
        self._confirm(minor)

    def _confirm(self, minor: int) -> None:
        """Ask for confirmation once it is certain that the amount can be paid."""
        if self.settling:
            return
        self._calm()
        if self.app.unseen:
            self._complain(self._(messages.LOOK_FOR_MONEY))
            return
        self._set_busy(True)
        session = self.session
        self.work(
            lambda _attempt: session.check_withdrawal(minor),
            done=lambda _none: self._ask(minor), failed=self._refused,
        )  # fmt: skip

    def _ask(self, minor: int) -> None:
        self._set_busy(False)
        if self.app.dialog is not None:
            return
        _ = self._
        self.app.ask(
            title=_("Withdraw {amount}?").format(amount=self.language.notes(minor)),
            line=_("A reference is shown on the next screen."),
            yes=_("Yes, withdraw"),
            no=_("No"),
            on_yes=lambda: self._book(minor),
        )

    def _book(self, minor: int) -> None:
        self._set_busy(True)
        session, heart = self.session, self.app.heart
        if session.dispenser_name != SIMULATED:
            self.heading_of_money.say(self._("Take your notes when they come out"))

        def withdraw(_attempt: Attempt[Withdrawal]) -> Withdrawal:
            with heart.paying_out():
                return session.withdraw(minor)

        self.work(withdraw, done=self._pay, failed=self._refused)

    def _pay(self, withdrawal: Withdrawal) -> None:
        session, since, back = self.session, self.since, self._again
        self.go_on_to(lambda app: TakeMoney(app, session, since, withdrawal, back))

    def _refused(self, error: BaseException) -> None:
        if isinstance(error, HeldError):
            session, since, held = self.session, self.since, error
            self.go_on_to(lambda app: AmountHeld(app, session, since, held))
            return
        if not isinstance(error, LedgerError | ReturnedError):
            self.app.fault(error)
            return
        self._set_busy(False)
        self.heading_of_money.say(self._("Withdraw"))
        smallest = self.language.minor(self.app.settings.smallest_note)
        self._complain(messages.withdrawal_error(error, smallest, self.language))

    def _complain(self, sentence: str) -> None:
        self.amount.complain(sentence)
        self.amount.take_focus()

    def _calm(self) -> None:
        self.amount.calm()

    def _set_busy(self, busy: bool) -> None:
        self.settling = busy
        for button in (*self.presets, self.withdraw, self.leave, self.show_button):
            button.enable(not busy)
        self.change.enable(not busy and not self.session.attended)
        self.amount.enable(not busy)
