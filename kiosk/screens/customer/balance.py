"""Card with name, balance and last transactions, hidden until the customer asks for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kiosk.screens.base import Screen
from kiosk.widgets import theme
from kiosk.widgets.buttons import Button, Label, at
from kiosk.widgets.focus import Control
from kiosk.widgets.hint import hint
from kiosk.widgets.status_line import card, hair
from kiosk.widgets.top_bar import fit

if TYPE_CHECKING:
    from atm.accounts.accounts import Transaction
    from atm.accounts.session import Session

SHOWN_MS = 15_000
"""How long balance and transactions stay in sight."""
ROWS = 3
WIDTH, HEIGHT = 560, 492

_LEFT = 33
_INNER = WIDTH - 2 * _LEFT


class BalanceCard:
    """Card that asks the session on a worker and hides its answer after 15 seconds."""

    def __init__(self, page: Screen, session: Session, next_stop: Callable[[], Control]) -> None:
        """Make the card for *page*, which puts `pane`.

        Args:
            page: Whose timers and worker requests these are.
            session: The open account.
            next_stop: Where the focus goes when the button that had it disappears.
        """
        self._page = page
        self._session = session
        self._next_stop = next_stop
        self._hide_at: str | None = None
        self._shown: list[Any] = []
        self._fonts, self._ = page.fonts, page.language.gettext
        _ = self._
        self.pane: Any = card(page, WIDTH, HEIGHT)
        body = self._fonts(theme.BODY)
        name = fit(page, session.customer.full_name, body, 360)
        welcome = _("Welcome, {name}").format(name=name)
        at(Label(self.pane, welcome, body, colour=theme.MUTED, width=_INNER), _LEFT, 31)
        self.balance = at(
            Label(self.pane, "", self._fonts(theme.BALANCE, "bold"), width=_INNER, height=72),
            _LEFT, 68,
        )  # fmt: skip
        self.show_button = Button(
            self.pane, _("Show balance"), self._ask, self._fonts,
            width=_INNER, ground=theme.SURFACE,
        )  # fmt: skip
        hint(self.show_button, _("Hidden again after 15 seconds"))
        self.hide()

    def hide(self) -> None:
        """Show neither balance nor transactions."""
        self._page.cancel_timer(self._hide_at)
        self._clear()
        self.balance.configure(text=self._page.language.hidden_money())
        at(self.show_button, _LEFT, 163)
        self.show_button.enable(True)
        words = self._(
            "The balance and the last transactions stay hidden until you ask, "
            "and hide again after 15 seconds."
        )
        self._add(words, 265, colour=theme.MUTED, height=120, anchor="nw", wrap=True)

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
        self.show_button.place_forget()
        if had_focus:
            self._next_stop().take_focus()
        self._clear()
        language, _ = self._page.language, self._
        self.balance.configure(text=language.money(balance))
        self._add(_("available now"), 141, colour=theme.MUTED)
        self._add(_("Last transactions"), 191, "semibold")
        names = {"opening": _("Opening balance"), "withdrawal": _("Withdrawal")}
        wide = 230
        for row, entry in enumerate(transactions[:ROWS]):
            y = 231 + row * 87
            self._shown.append(at(hair(self.pane, _INNER), _LEFT, y))
            name = names.get(str(entry.kind), str(entry.kind))
            self._add(name, y + 11, width=_INNER - wide)
            self._add(language.day_and_time(entry.at), y + 42, colour=theme.MUTED)
            amount = language.signed(entry.amount_minor)
            colour = theme.OK if entry.amount_minor > 0 else theme.INK
            self._add(
                amount, y + 11, "semibold", x=_LEFT + _INNER - wide, width=wide, colour=colour,
                anchor="e",
            )  # fmt: skip
        self._hide_at = self._page.later(SHOWN_MS, self.hide)

    def _add(
        self,
        text: str,
        y: int,
        weight: str = "regular",
        *,
        x: int = _LEFT,
        width: int = _INNER,
        **how: Any,
    ) -> None:
        label = Label(self.pane, text, self._fonts(theme.BODY, weight), width=width, **how)
        self._shown.append(at(label, x, y))

    def _clear(self) -> None:
        for widget in self._shown:
            widget.destroy()
        self._shown = []
