"""The account: balance and transactions on demand, and money."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from kiosk import messages, theme
from kiosk.bars import ChipSpec, FootText, fit
from kiosk.fields import Field
from kiosk.focus import Control
from kiosk.hint import hint
from kiosk.keypads import DigitPad
from kiosk.screens.base import Screen
from kiosk.signs import card, hair
from kiosk.widgets import Button, Label, at

if TYPE_CHECKING:
    from atm.ledger import Transaction, Withdrawal
    from atm.session import Session
    from kiosk.app import App

SHOWN_MS = 15_000
"""How long balance and transactions stay in sight."""
ROWS = 3
PRESETS = (2, 4, 6, 10, 20, 30)
"""In smallest notes: 20, 40, 60, 100, 200 and 300 where that is 10."""

_CARD_WIDE, _CARD_HIGH = 560, 492
_RIGHT, _RIGHT_WIDE = 656, 568
_INNER = _CARD_WIDE - 66


class Account(Screen):
    """What an admitted customer sees; leaving it logs them out."""

    logs_out = True

    def __init__(self, app: App, session: Session, since: datetime | None = None) -> None:
        """Build the page for *session*, open since a given time or now."""
        super().__init__(app)
        self._session = session
        self.since = since or datetime.now()
        self._keeps_session = False
        self._hide_at: str | None = None
        self._busy = False
        self._shown: list[Any] = []
        self._draw_card()
        self._draw_money()
        self._hide()

    def chips(self) -> Sequence[ChipSpec]:
        """Show whose account it is."""
        return [ChipSpec(self._session.customer.full_name)]

    def foot(self) -> FootText:
        """Say since when."""
        time = self.language.time(self.since)
        return FootText(self._("Signed in with PIN and face at {time}").format(time=time), "ok")

    def first_focus(self) -> Control | None:
        """Start with what shows the balance."""
        return self.show_button

    def cancel(self) -> None:
        """Put the digits away, or log out."""
        if self._pad_open:
            self._open_pad(False)
        else:
            self.app.go_home()

    def stops(self) -> Sequence[Control]:
        """Return the controls in reading order."""
        middle: list[Control] = [*self.pad.keys] if self._pad_open else [*self.presets]
        last: list[Control] = [self.amount, self.withdraw]
        if self._pad_open:
            middle = [self.amounts, *middle]
        return [self.show_button, self.leave, *middle, *last]

    def enter_in(self, field: Field) -> None:
        """Withdraw what was typed."""
        self.withdraw.press()

    def typed_by_key(self, field: Field) -> None:
        """Put the digits away: there is a keyboard."""
        self._calm()
        self._open_pad(False)

    def pause(self) -> None:
        """Hide what is private before a question lies over it."""
        self._hide()

    def destroy(self) -> None:
        """Leave the page, and the account with it unless the next page goes on with it."""
        if not self._keeps_session:
            self._session.close()
        super().destroy()

    # Balance and transactions.

    def _draw_card(self) -> None:
        _ = self._
        pane = self._card = card(self, _CARD_WIDE, _CARD_HIGH)
        self.put(pane, theme.MARGIN, 108)
        name = fit(self, self._session.customer.full_name, self.fonts(theme.BODY), 360)
        welcome = _("Welcome, {name}").format(name=name)
        at(
            Label(pane, welcome, self.fonts(theme.BODY), colour=theme.MUTED, width=_INNER),
            33, 31,
        )  # fmt: skip
        self.balance = at(
            Label(
                pane, "", self.fonts(theme.BALANCE, "bold"), width=_INNER, height=72
            ), 33, 68,
        )  # fmt: skip
        self.show_button = Button(
            pane, _("Show balance"), self._ask_balance, self.fonts,
            width=_INNER, ground=theme.SURFACE,
        )  # fmt: skip
        hint(self.show_button, _("Hidden again after 15 seconds"))
        self.leave = self.button(
            _("Log out"), self.app.go_home, theme.MARGIN, 624, _CARD_WIDE, look="quiet"
        )

    def _hide(self) -> None:
        self.never_mind(self._hide_at)
        for widget in self._shown:
            widget.destroy()
        self.balance.configure(text=self.language.hidden_money())
        _ = self._
        at(self.show_button, 33, 163)
        self.show_button.enable(True)
        self._shown = [
            at(
                Label(
                    self._card,
                    _(
                        "The balance and the last transactions stay hidden until you ask, "
                        "and hide again after 15 seconds."
                    ),
                    self.fonts(theme.BODY), colour=theme.MUTED, width=_INNER, height=120,
                    anchor="nw", wrap=True,
                ), 33, 265,
            )
        ]  # fmt: skip

    def _ask_balance(self) -> None:
        self.show_button.enable(False)
        session = self._session
        self.work(
            lambda _attempt: (session.balance(), session.transactions(ROWS)), done=self._reveal
        )

    def _reveal(self, found: tuple[int, list[Transaction]]) -> None:
        if self.app.dialog is not None:
            self._hide()
            return
        balance, transactions = found
        had_focus = self.show_button.focused
        self.show_button.place_forget()
        if had_focus:
            self.presets[0].take_focus()
        for widget in self._shown:
            widget.destroy()
        self.balance.configure(text=self.language.money(balance))
        _ = self._
        pane, body, strong = self._card, self.fonts(theme.BODY), self.fonts(theme.BODY, "semibold")
        shown: list[Any] = [
            at(Label(pane, _("available now"), body, colour=theme.MUTED, width=_INNER), 33, 141),
            at(Label(pane, _("Last transactions"), strong, width=_INNER), 33, 191),
        ]
        names = {"opening": _("Opening balance"), "withdrawal": _("Withdrawal")}
        for row, entry in enumerate(transactions[:ROWS]):
            y = 231 + row * 87
            amount = self.language.signed(entry.amount_minor)
            colour = theme.OK if entry.amount_minor > 0 else theme.INK
            name = names.get(str(entry.kind), str(entry.kind))
            when = self.language.day_and_time(entry.at)
            wide = 230
            shown += [
                at(hair(pane, _INNER), 33, y),
                at(Label(pane, name, body, width=_INNER - wide), 33, y + 11),
                at(Label(pane, when, body, colour=theme.MUTED, width=_INNER), 33, y + 42),
                at(
                    Label(pane, amount, strong, colour=colour, width=wide, anchor="e"),
                    33 + _INNER - wide, y + 11,
                ),
            ]  # fmt: skip
        self._shown = shown
        self._hide_at = self.later(SHOWN_MS, self._hide)

    # Money.

    def _draw_money(self) -> None:
        _ = self._
        settings = self.app.settings
        note = settings.smallest_note
        self.label(_("Withdraw"), _RIGHT, 106, 300, size=theme.HEADING, weight="bold", height=48)
        self.amounts = self.button(_("Amounts"), lambda: self._open_pad(False), 1024, 88, 200)
        self.amounts.place_forget()
        self.presets: list[Button] = []
        offered = [n * note for n in PRESETS if n * note <= settings.day_limit]
        for number, major in enumerate(offered):
            minor = self.language.minor(major)
            preset = Button(
                self, self.language.notes(minor), lambda m=minor: self._confirm(m),  # type: ignore[misc]
                self.fonts, width=276, height=104, size=theme.HEADING,
            )  # fmt: skip
            self.put(preset, _RIGHT + (number % 2) * 292, 174 + (number // 2) * 120)
            self.presets.append(preset)
        self.pad = DigitPad(self, self.fonts, lambda: self.amount, _, width=_RIGHT_WIDE, height=344)
        caption = _("Another amount (multiples of {note})").format(note=note)
        self.amount = Field(
            self, caption, self.fonts, kind="amount", width=332, height=theme.TOUCH,
            note="", note_lines=1, prefix=self.language.symbol, room=_RIGHT_WIDE,
        )  # fmt: skip
        self.put(self.amount, _RIGHT, 578)
        self.amount.touched = lambda _field: self._open_pad(True)
        self.typing = self.amount
        self.withdraw = self.button(
            _("Withdraw"), self._typed, 1004, 578, 220, look="primary", busy_when_disabled=True
        )
        self._pad_open = False

    def _open_pad(self, wanted: bool) -> None:
        if wanted == self._pad_open:
            return
        self._pad_open = wanted
        if wanted:
            self.pad.put(_RIGHT, 174 - theme.TOP_BAR)
            self.pad.lift()
            at(self.amounts, 1024, 88 - theme.TOP_BAR)
        else:
            self.pad.place_forget()
            self.amounts.place_forget()
        for preset in self.presets:
            preset.covered = wanted

    def _typed(self) -> None:
        from atm.money import AmountError, parse_amount

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
        if self._busy:
            return
        self._calm()
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
        session = self._session
        self.work(lambda _attempt: session.withdraw(minor), done=self._pay, failed=self._refused)

    def _pay(self, withdrawal: Withdrawal) -> None:
        from kiosk.screens.money import TakeMoney

        self._keeps_session = True
        session, since = self._session, self.since
        self.app.show(lambda app: TakeMoney(app, session, since, withdrawal))

    def _refused(self, error: BaseException) -> None:
        from atm.ledger import LedgerError

        if not isinstance(error, LedgerError):
            self.app.fault(error)
            return
        self._set_busy(False)
        smallest = self.language.minor(self.app.settings.smallest_note)
        self._complain(messages.withdrawal_error(error, smallest, self.language))

    def _complain(self, sentence: str) -> None:
        self.amount.complain(sentence)
        self.amount.take_focus()

    def _calm(self) -> None:
        self.amount.calm()

    def _set_busy(self, busy: bool) -> None:
        self._busy = busy
        for button in (*self.presets, self.withdraw, self.leave):
            button.enable(not busy)
        self.amount.enable(not busy)
