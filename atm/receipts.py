"""Receipts: what is printed of a withdrawal, and the ESC/POS printer that prints it.

python-escpos (MIT) knows the printers. It is imported only where the setting `receipt_printer`
names one; `requirements-hardware.txt` lists it.
"""

from __future__ import annotations

import contextlib
import textwrap
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from atm.answer_thread import ThreadResult
from atm.errors import AtmError

LIMIT_S: Final = 10.0
"""Time after which a printer that has not finished counts as out of order."""

_DEVICE_S: Final = 3.0
"""Time limit of one exchange with a printer that has one, by USB or network."""

_OFFLINE_CAUSE: Final = b"\x10\x04\x02"
"""The real-time request DLE EOT 2 of Epson's ESC/POS reference: why the printer is offline."""
_COVER_OPEN, _PAPER_END, _FAULT = 0x04, 0x20, 0x40
_COLUMNS: Final = 32
"""Characters in a line of font A on paper of 58 mm; wider paper has room to spare."""


class Hindrance(StrEnum):
    """Why there is no receipt."""

    PAPER = "no paper"
    COVER = "cover open"
    NO_ANSWER = "no answer"


_NOTES = {
    Hindrance.PAPER: "Put paper into the receipt printer.",
    Hindrance.COVER: "Close the cover of the receipt printer.",
    Hindrance.NO_ANSWER: "The receipt printer does not answer: check its cable and switch it on.",
}


class NotPrintedError(AtmError):
    """The receipt was not printed, or not to its end; the money is not concerned."""

    def __init__(self, hindrance: Hindrance) -> None:
        """Keep the *hindrance*, which the customer and staff are told."""
        super().__init__(f"The receipt printer: {hindrance}.")
        self.hindrance = hindrance


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receipt says, in the customer's language. It names no customer.

    Attributes:
        heading: Printed large, in the middle.
        rows: Captions and values.
        closing: A sentence at the end; "" for none.
    """

    heading: str
    rows: tuple[tuple[str, str], ...]
    closing: str = ""


class ReceiptPrinter:
    """The printer of one kiosk; it is opened for each receipt, so that it may come and go."""

    def __init__(self, address: str, *, opened: Callable[[], Any] | None = None) -> None:
        """Connect to nothing yet.

        Args:
            address: The setting: usb:VENDOR:PRODUCT in hexadecimal, tcp:HOST:PORT, or file:PATH.
            opened: Returns an opened printer of python-escpos in place of the one at *address*.
        """
        self._opened = opened or (lambda: _open(address))
        self._answers = not address.startswith("file:")  # a file is only written
        self._running: ThreadResult[None] | None = None
        self._hindrance: Hindrance | None = None

    def print(self, receipt: Receipt) -> None:
        """Print *receipt*; blocks until it is out, and no longer than `LIMIT_S`.

        Raises:
            NotPrintedError: If it is not certain that it was printed.
        """
        try:
            self._print(receipt)
        except NotPrintedError as error:
            self._hindrance = error.hindrance
            raise
        self._hindrance = None

    @property
    def note(self) -> str:
        """What staff should do after the last receipt; "" when it was printed."""
        return _NOTES[self._hindrance] if self._hindrance else ""

    def _print(self, receipt: Receipt) -> None:
        if self._running is not None and self._running.is_alive():  # it hangs in its device
            raise NotPrintedError(Hindrance.NO_ANSWER)
        running = self._running = ThreadResult("receipt", lambda: self._print_all(receipt))
        running.start()
        running.join(LIMIT_S)
        if running.is_alive():
            raise NotPrintedError(Hindrance.NO_ANSWER)
        if isinstance(running.result, NotPrintedError):
            raise running.result
        if isinstance(running.result, BaseException):
            raise NotPrintedError(Hindrance.NO_ANSWER) from running.result

    def _print_all(self, receipt: Receipt) -> None:
        printer = self._opened()
        try:
            self._check(printer)
            set_out(printer, receipt)
            self._check(printer)  # the paper may have ended in between
        finally:
            with contextlib.suppress(Exception):
                printer.close()

    def _check(self, printer: Any) -> None:
        """Ask the printer for its state, where it can answer.

        Raises:
            NotPrintedError: If it has no paper, is open, or is out of order.
        """
        if not self._answers:
            return
        told = bytes(printer.query_status(_OFFLINE_CAUSE))
        if not told or told[0] & _FAULT:
            raise NotPrintedError(Hindrance.NO_ANSWER)
        if told[0] & _COVER_OPEN:
            raise NotPrintedError(Hindrance.COVER)
        if told[0] & _PAPER_END:
            raise NotPrintedError(Hindrance.PAPER)


def lines_of(receipt: Receipt, columns: int = _COLUMNS) -> Iterator[str]:
    """Yield the lines below the heading, of at most *columns* characters.

    A caption and its value stand at the two ends of a line, or of two where one is too short.
    """
    for caption, value in (_plain(each) for each in receipt.rows):
        if len(caption) + 1 + len(value) <= columns:
            yield caption + value.rjust(columns - len(caption))
        else:
            yield from _wrapped(caption, columns)
            yield from (line.rjust(columns) for line in _wrapped(value, columns))
    if receipt.closing:
        yield ""
        yield from _wrapped(_spaces(receipt.closing), columns)


def set_out(printer: Any, receipt: Receipt) -> None:
    """Send *receipt* to an open *printer* of python-escpos, and have the paper cut.

    All is in code page 858, which every printer for western languages has, with the euro sign; a
    character that it lacks is printed as "?".
    """
    printer.charcode("CP858")
    printer.set(align="center", bold=True, double_height=True, double_width=False)
    for line in _wrapped(_spaces(receipt.heading), _COLUMNS):
        printer.textln(line)
    printer.set_with_default()
    printer.ln()
    for line in lines_of(receipt):
        printer.textln(line)
    printer.ln()
    printer.cut()


def _open(address: str) -> Any:
    """Open the printer at *address*, as the setting has it."""
    from escpos import printer

    kind, _, place = address.partition(":")
    if kind == "usb":
        vendor, _, product = place.partition(":")
        device: Any = printer.Usb(int(vendor, 16), int(product, 16), timeout=int(1000 * _DEVICE_S))
    elif kind == "tcp":
        host, _, port = place.rpartition(":")
        device = printer.Network(host, int(port), timeout=_DEVICE_S)
    else:
        device = printer.File(place)
    device.open()
    return device


def _plain(row: tuple[str, str]) -> tuple[str, str]:
    return _spaces(row[0]), _spaces(row[1])


def _spaces(text: str) -> str:
    """Return *text* with plain spaces: no code page of a printer has the narrow one of French."""
    return "".join(" " if unicodedata.category(each) == "Zs" else each for each in text)


def _wrapped(text: str, columns: int) -> list[str]:
    return textwrap.wrap(text, columns) or [""]
