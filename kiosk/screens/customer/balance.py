"""Card with name, balance and last transactions, hidden until the customer asks for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kiosk.layout import Column, Reflow
from kiosk.screens.base import Screen
from kiosk.widgets import theme
from kiosk.widgets.focus import Control
from kiosk.widgets.hint import hint
from kiosk.widgets.labels import Label
from kiosk.widgets.status_line import Hair, Pane, card

if TYPE_CHECKING:
    from atm.accounts.accounts import Transaction
    from atm.accounts.session import Session

SHOWN_S = 15.0
"""How long balance and transactions stay in sight after the last touch, key or spoken word."""
ROWS = 3


class BalanceCard:
    """Card that asks the session on a worker and hides its answer after 15 quiet seconds."""

    def __init__(self, page: Screen, session: Session, next_stop: Callable[[], Control]) -> None:
        """Make the card for *page*, which places `part`.

        Args:
            page: Whose timers and worker requests these are.
            session: The open account.
            next_stop: Where the focus goes when the button that had it disappears.
        """
        self._page = page
        self._session = session
        self._next_stop = next_stop
        self._shown: list[Any] = []
        self._fonts, self._ = page.fonts, page.language.gettext
        _ = self._
        self.pane = pane = Pane(page)
        body = self._fonts(theme.BODY)
        welcome = _("Welcome, {name}").format(name=session.customer.full_name)
        self.balance = Label(pane, "", self._fonts(theme.BALANCE, "bold"))
        self.show_button = page.button(_("Show balance"), self._ask, on=pane, high=theme.TOUCH)
        hint(self.show_button, _("Hidden again by itself"))
        words = _(
            "The balance and the last transactions stay hidden until you ask, "
            "and hide again by themselves."
        )
        self._hidden = Label(pane, words, body, colour=theme.MUTED, anchor="nw")
        self._found = Column(gap=10)
        greeting = Label(pane, welcome, body, colour=theme.MUTED, cut=True)
        self.part = card(
            pane, greeting, self.balance, self.show_button, self._hidden, self._found,
            gap=10, grow=1,
        )  # fmt: skip
        self.hide()

    def hide(self) -> None:
        """Show neither balance nor transactions."""
        self.balance.say(self._page.language.hidden_money())
        self._show(True)
        self.show_button.enable(True)

    def refresh(self) -> None:
        """Hide what is shown once it was quiet for long enough; called four times a second."""
        if self._shown and self._page.app.idle.quiet_s >= SHOWN_S:
            self.hide()

    def _show(self, hidden: bool) -> None:
        """Show the button, or what was found."""
        for widget in self._shown:
            widget.destroy()
        self._shown, self._found.parts = [], []
        self._page.show_part(self._found, not hidden)
        self._page.show_part(self.show_button, hidden)
        self._page.show_part(self._hidden, hidden)

    def _ask(self) -> None:
        self.show_button.enable(False)
        session = self._session
        self._page.work(
            lambda _attempt: (session.balance(), session.transactions(ROWS)), done=self._reveal
        )

    def _reveal(self, found: tuple[int, list[Transaction]]) -> None:
        if self._page.app.dialog is not None:
            self.hide()
            return
        balance, transactions = found
        had_focus = self.show_button.focused
        self._show(False)
        if had_focus:
            self._next_stop().take_focus()
        language, _ = self._page.language, self._
        self.balance.say(language.money(balance))
        self._found.parts += [
            self._add(_("available now"), colour=theme.MUTED),
            self._add(_("Last transactions"), "semibold"),
        ]
        names = {"opening": _("Opening balance"), "withdrawal": _("Withdrawal")}
        for entry in transactions[:ROWS]:
            name = self._add(names.get(str(entry.kind), str(entry.kind)))
            when = self._add(language.day_and_time(entry.at), colour=theme.MUTED)
            colour = theme.OK if entry.amount_minor > 0 else theme.INK
            amount = self._add(
                language.signed(entry.amount_minor), "semibold", colour=colour, anchor="e"
            )
            line = Hair(self.pane)
            self._shown.append(line)
            self._found.parts += [
                line, Reflow(Column(name, when, gap=0, grow=1), amount)
            ]  # fmt: skip
        self._page.lay_soon()

    def _add(self, text: str, weight: str = "regular", **how: Any) -> Label:
        label = Label(self.pane, text, self._fonts(theme.BODY, weight), **how)
        self._shown.append(label)
        return label
