"""Pages after a withdrawal: take the money, or ask staff about money on hold; with a receipt."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from atm.accounts.dispenser import SIMULATED
from atm.receipts import NotPrintedError, Receipt
from kiosk.screens.customer.session_page import SessionPage
from kiosk.screens.named_values import named_values
from kiosk.shell import Make, Shell
from kiosk.widgets import theme
from kiosk.widgets.buttons import Button
from kiosk.widgets.status_line import Pane
from kiosk.words import messages

if TYPE_CHECKING:
    from atm.accounts.accounts import Withdrawal
    from atm.accounts.session import HeldError, Session

_KIOSK_LETTERS = 8
"""Of the data folder's identifier, which tells kiosks apart."""


class _Slip(SessionPage):
    """A card with a sign, a heading and a few named values."""

    def lay_slip(
        self,
        sign: tuple[str, str, str],
        heading: str,
        rows: Sequence[tuple[str, str]],
        sentence: str,
        buttons: Sequence[Button],
        printed: tuple[str, Sequence[tuple[str, str]]],
    ) -> None:
        """Lay the page out as a card with named values, and a sentence below them.

        A machine with a printer offers a receipt too: *printed* is its heading and its rows.
        """
        pane = self.pane = Pane(self)
        self.said = self.words(
            sentence, weight="semibold", colour=theme.WARN, anchor="center", on=pane
        )
        self.said.shown = bool(sentence)
        self.receipt: Button | None = None
        if self.app.machine.receipts is not None:
            receipt = self._receipt(*printed)
            self.receipt = self.button(
                self._("Print a receipt"), lambda: self._print(receipt), grow=1
            )
            buttons = [*buttons, self.receipt]
        values = named_values(self, pane, rows)
        self.lay_message(sign, heading, values, self.said, buttons=buttons)

    def _receipt(self, heading: str, rows: Sequence[tuple[str, str]]) -> Receipt:
        _ = self._
        kiosk = self.app.machine.folder.folder_id[:_KIOSK_LETTERS]
        when = self.language.day_and_time(datetime.now().astimezone())
        first = ((_("Date and time"), when), (_("Kiosk"), kiosk))
        return Receipt(heading, (*first, *rows))

    def _print(self, receipt: Receipt) -> None:
        """Print on a worker: neither the money nor the customer waits for paper."""
        printer, button = self.app.machine.receipts, self.receipt
        assert printer is not None and button is not None
        button.enable(False)
        self._tell(self._("Your receipt is being printed."))
        self.work(
            lambda _attempt: printer.print(receipt),
            done=lambda _none: self._tell(self._("Take your receipt.")),
            failed=self._not_printed,
        )

    def _not_printed(self, error: BaseException) -> None:
        if not isinstance(error, NotPrintedError):
            self.app.fault(error)
            return
        assert self.receipt is not None
        self.receipt.enable(True)
        self._tell(self._(messages.NO_RECEIPT[error.hindrance]))

    def _tell(self, sentence: str) -> None:
        self.said.say(sentence)
        self.show_part(self.said, True)


class TakeMoney(_Slip):
    """Slip of a withdrawal that was paid and booked; a device has seen the notes taken."""

    def __init__(
        self, app: Shell, session: Session, since: datetime, withdrawal: Withdrawal, back: Make
    ) -> None:
        """Build the page for *withdrawal* of *session*, open *since*; *back* makes its account."""
        super().__init__(app)
        self.open_session(session, since)
        _ = self._
        simulated = session.dispenser_name == SIMULATED
        amount = (_("Amount"), self.language.money(withdrawal.amount_minor))
        reference = (_("Reference"), str(withdrawal.reference))
        balance = (_("New balance"), self.language.money(withdrawal.balance_minor))
        rows = (amount, reference, balance)
        printed = rows if session.balance_asked else (amount, reference)
        self.lay_slip(
            ("check", theme.OK, theme.OK_SOFT),
            _("Take your money") if simulated else _("Paid out"), rows,
            _("Simulated dispenser: no real notes come out.") if simulated else "",
            [
                self.button(_("Log out"), self.log_out, look="primary", grow=1),
                self.button(_("Your account"), lambda: self.go_on_to(back), grow=1),
            ],
            (_("Withdrawal"), printed),
        )  # fmt: skip


class AmountHeld(_Slip):
    """Slip of an amount on hold, for the customer to show to staff."""

    def __init__(self, app: Shell, session: Session, since: datetime, held: HeldError) -> None:
        """Build the page for what *held* says, of *session*, open *since*."""
        super().__init__(app)
        self.open_session(session, since)
        _ = self._
        rows = (
            (_("Amount on hold"), self.language.money(held.amount_minor)),
            (_("Reference"), held.reference),
        )
        self.lay_slip(
            ("warn", theme.WARN, theme.WARN_SOFT), _("Please ask staff"), rows,
            _("Staff check whether notes came out, and settle it."),
            [self.button(_("Log out"), self.log_out, look="primary", grow=1)],
            (_("Please ask staff"), rows),
        )  # fmt: skip
