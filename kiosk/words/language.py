"""Languages: words by gettext, amounts and dates by Babel.

A language is a folder of `LOCALE` with a compiled catalogue; English is what the source says. The
catalogue also holds the language's own name, its formats and its letters.
"""

from __future__ import annotations

import functools
import gettext
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

from atm.accounts.money import minor_digits, to_minor

LOCALE = Path(__file__).parent / "locale"
DOMAIN = "kiosk"
DEFAULT = "en"

_MINUS, _PLUS = "−", "+"


@functools.cache
def languages() -> Mapping[str, str]:
    """Return the available languages: code -> its own name, English first."""
    found = {DEFAULT: "English"}
    for file in sorted(LOCALE.glob(f"*/LC_MESSAGES/{DOMAIN}.mo")):
        code = file.parts[-3]
        # TRANSLATORS: the name of your language in your language
        found[code] = _words(code).gettext("English")
    return MappingProxyType(found)


def _words(code: str) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, LOCALE, languages=[code], fallback=code == DEFAULT)


class Language:
    """Words and formats of one language; immutable."""

    def __init__(self, code: str = DEFAULT, currency: str = "EUR") -> None:
        """Load the words of *code*, or of English where it is not known.

        Args:
            code: Two letters.
            currency: Three capital letters.
        """
        self.code = code if code in languages() else DEFAULT
        self.currency = currency
        digits = self._digits = minor_digits(currency)
        self._words = _words(self.code)
        # TRANSLATORS: your language and country as CLDR calls them
        self._locale = self.gettext("en_GB")
        # TRANSLATORS: CLDR's pattern of an amount; the sign stands for the currency
        pattern = self.gettext("¤ #,##0.00")
        self._money = pattern.replace(".00", "." + "0" * digits if digits else "")
        # TRANSLATORS: CLDR's pattern of a whole amount
        self._notes = self.gettext("¤ #,##0")

    def gettext(self, message: str) -> str:
        """Return *message* in this language."""
        return self._words.gettext(message)

    def ngettext(self, one: str, many: str, number: int) -> str:
        """Return the form that fits *number*, with {n} filled in."""
        return self._words.ngettext(one, many, number).format(n=number)

    @property
    def letters(self) -> tuple[str, ...]:
        """Return the three rows of the letter pad: 10, 10 and 7 letters."""
        # TRANSLATORS: the letter pad: three rows, of 10, 10 and 7 letters
        return tuple(self.gettext("qwertyuiop asdfghjkl' zxcvbnm").split())

    def money(self, minor: int) -> str:
        """Return an amount with its currency, as € 1,350.00 or 1.350,00 €."""
        return self._currency(minor, self._money)

    def notes(self, minor: int) -> str:
        """Return an amount in whole units with its currency, as € 100; cents only where needed."""
        whole = minor % 10**self._digits == 0
        return self._currency(minor, self._notes if whole else self._money)

    def hidden_money(self) -> str:
        """Return the placeholder of an amount that is not shown."""
        dots = "•" * 6
        pattern = self._money
        symbol_first = pattern.startswith("¤")
        return f"{self.symbol}\u00a0{dots}" if symbol_first else f"{dots}\u00a0{self.symbol}"

    def minor(self, major: int) -> int:
        """Return *major* whole units of the currency in minor units."""
        return to_minor(major, self.currency)

    def signed(self, minor: int) -> str:
        """Return an amount with its sign and no currency, as − 40.00 or + 1,350.00."""
        from babel.numbers import format_decimal

        pattern = "#,##0." + "0" * self._digits if self._digits else "#,##0"
        amount = format_decimal(self._major(abs(minor)), pattern, locale=self._locale)
        return f"{_MINUS if minor < 0 else _PLUS}\u00a0{amount}"

    def share(self, value: float) -> str:
        """Return a share of one in per cent, to two significant digits: 0.01 % or 7,6 %."""
        from babel.numbers import format_decimal

        percent = Decimal(f"{100 * value:.2g}")
        return f"{format_decimal(percent, '#,##0.######', locale=self._locale)}\u00a0%"

    @property
    def symbol(self) -> str:
        """Return the symbol of the currency."""
        from babel.numbers import get_currency_symbol

        return str(get_currency_symbol(self.currency, locale=self._locale))

    def clock(self, moment: datetime) -> str:
        """Return day and time in full, as Sunday 22 November, 10:42."""
        # TRANSLATORS: CLDR's pattern of day and time in full
        text = self._date(moment, self.gettext("EEEE d MMMM, HH:mm"))
        return text[:1].upper() + text[1:]

    def day_and_time(self, moment: datetime) -> str:
        """Return day and time in short, as 22 Nov, 10:44."""
        return self._date(moment, "d MMM, HH:mm")

    def time(self, moment: datetime) -> str:
        """Return the time, as 10:44."""
        return self._date(moment, "HH:mm")

    def _currency(self, minor: int, pattern: str) -> str:
        from babel.numbers import format_currency

        text = format_currency(
            self._major(minor),
            self.currency,
            pattern,
            locale=self._locale,
            currency_digits=False,  # CLDR's, which are not those of accounts
        )
        return str(text).replace(" ", "\u00a0")

    def _major(self, minor: int) -> Decimal:
        return Decimal(minor).scaleb(-self._digits)

    def _date(self, moment: datetime, pattern: str) -> str:
        from babel.dates import format_datetime

        local = moment.astimezone() if moment.tzinfo else moment
        return str(format_datetime(local.replace(tzinfo=None), pattern, locale=self._locale))
