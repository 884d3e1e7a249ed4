"""Languages: words by gettext; amounts, numbers and dates by Babel, from CLDR's data.

A language is a folder of `LOCALE` with a compiled catalogue; English is what the source says. The
catalogue also holds the language's own name and its letters. Babel is imported when the first
amount or date is written: the first paint does not wait for it.
"""

from __future__ import annotations

import functools
import gettext
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from atm.accounts.money import minor_digits, to_minor

if TYPE_CHECKING:
    from babel import Locale

LOCALE = Path(__file__).parent / "locale"
DOMAIN = "kiosk"
DEFAULT = "en"

_REGIONS = {"en": "en_GB", "pt": "pt_PT"}
"""Languages that CLDR writes as another country does, where no country is named."""


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
        self._digits = minor_digits(currency)
        self._words = _words(self.code)

    def gettext(self, message: str) -> str:
        """Return *message* in this language."""
        return self._words.gettext(message)

    def ngettext(self, one: str, many: str, number: int) -> str:
        """Return the form that fits *number*, with {n} filled in, its thousands grouped."""
        from babel.numbers import format_decimal

        grouped = format_decimal(number, locale=self.locale)
        return self._words.ngettext(one, many, number).format(n=grouped)

    @property
    def letters(self) -> tuple[str, ...]:
        """Return the three rows of the letter pad: 10, 10 and 7 letters."""
        # TRANSLATORS: the letter pad: three rows, of 10, 10 and 7 letters
        return tuple(self.gettext("qwertyuiop asdfghjkl' zxcvbnm").split())

    def money(self, minor: int) -> str:
        """Return an amount with its currency, as €1,350.00 or 1.350,00 €."""
        return self._currency(minor, self._digits)

    def notes(self, minor: int) -> str:
        """Return an amount in whole units with its currency, as €100; cents only where needed."""
        whole = minor % 10**self._digits == 0
        return self._currency(minor, 0 if whole else self._digits)

    def hidden_money(self) -> str:
        """Return the placeholder of an amount that is not shown."""
        return self._money_pattern("•" * 6).replace("¤", self.symbol)

    def minor(self, major: int) -> int:
        """Return *major* whole units of the currency in minor units."""
        return to_minor(major, self.currency)

    def signed(self, minor: int) -> str:
        """Return an amount with its sign and no currency, as − 40.00 or + 1,350.00."""
        from babel.numbers import format_decimal

        number = _number(self._digits)
        pattern = f"+\u00a0{number};−\u00a0{number}"
        return str(format_decimal(self._major(minor), pattern, locale=self.locale))

    def share(self, value: float) -> str:
        """Return a share of one in per cent, to two significant digits: 0.01% or 7,6 %."""
        from babel.numbers import format_percent

        pattern = self.locale.percent_formats[None].pattern.replace(_number(0), "@#")
        return str(format_percent(value, pattern, locale=self.locale))

    @property
    def symbol(self) -> str:
        """Return the symbol of the currency."""
        from babel.numbers import get_currency_symbol

        return str(get_currency_symbol(self.currency, locale=self.locale))

    def clock(self, moment: datetime) -> str:
        """Return day and time in full, as 22 November 2026, 10:42."""
        from babel.dates import format_date

        return self._with_time(format_date(_local(moment), "long", locale=self.locale), moment)

    def day(self, moment: datetime) -> str:
        """Return the day with its year, as 22 Nov 2026."""
        from babel.dates import format_date

        return str(format_date(moment, "medium", locale=self.locale))

    def day_and_time(self, moment: datetime) -> str:
        """Return day and time in short, as 22 Nov, 10:44."""
        from babel.dates import format_skeleton

        day = format_skeleton("MMMd", _local(moment), locale=self.locale)
        return self._with_time(day, moment)

    def time(self, moment: datetime) -> str:
        """Return the time, as 10:44."""
        from babel.dates import format_time

        return str(format_time(_local(moment), "short", locale=self.locale))

    @functools.cached_property
    def locale(self) -> Locale:
        """CLDR's data of the language, in the country that its amounts and dates follow."""
        from babel import Locale

        return Locale.parse(_REGIONS.get(self.code, self.code))

    def _currency(self, minor: int, digits: int) -> str:
        from babel.numbers import format_currency

        return str(
            format_currency(
                self._major(minor),
                self.currency,
                self._money_pattern(_number(digits)),
                locale=self.locale,
                currency_digits=False,  # CLDR's, which are not those of accounts
            )
        )

    def _money_pattern(self, number: str) -> str:
        """Return CLDR's pattern of an amount with *number* in the place of its number."""
        pattern = str(self.locale.currency_formats["standard"].pattern)
        if self.symbol[-1].isalpha():  # CLDR's currency spacing, which Babel does not know
            pattern = pattern.replace("¤#", "¤\u00a0#")
        return pattern.replace(_number(2), number)

    def _major(self, minor: int) -> Decimal:
        return Decimal(minor).scaleb(-self._digits)

    def _with_time(self, day: str, moment: datetime) -> str:
        joined: str = self.locale.datetime_formats["medium"]
        return joined.format(self.time(moment), day)


def _number(digits: int) -> str:
    """Return CLDR's pattern of a number with *digits* decimals."""
    return "#,##0." + "0" * digits if digits else "#,##0"


def _local(moment: datetime) -> datetime:
    """Return *moment* in local time, without its zone."""
    return moment.astimezone().replace(tzinfo=None) if moment.tzinfo else moment
