"""Money in the minor units of its currency (cents, fils, whole yen): typed, written, converted."""

import re
from decimal import Decimal

from atm.errors import AtmError

LARGEST_MINOR = 10**12

_USUAL_DIGITS = 2
_OTHER_DIGITS = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND",
         "VUV", "XAF", "XOF", "XPF"),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}  # fmt: skip
"""The minor units that ISO 4217 gives as other than 2.

Babel's figures are CLDR's, which are those of everyday prices: none for the dinar of Iraq, whose
accounts have three. A test compares the two.
"""
_SYMBOLS = {"EUR": "€", "GBP": "£", "JPY": "¥", "KRW": "₩", "USD": "$"}
CURRENCY = re.compile("[A-Z]{3}")
"""A currency's code, ISO 4217."""
_LONGEST_TEXT = 40
_SPACES = str.maketrans(dict.fromkeys("\u00a0\u2009\u202f", " "))
_PLAIN = re.compile(r"(?P<whole>[0-9]+)(?:[.,](?P<minor>[0-9]+))?")
# One kind of mark between thousands, then perhaps another one before the minor digits.
_GROUPED = re.compile(
    r"(?P<whole>[0-9]{1,3}(?P<mark>[ ,.'’])[0-9]{3}(?:(?P=mark)[0-9]{3})*)"
    r"(?:(?!(?P=mark))[.,](?P<minor>[0-9]+))?"
)


class AmountError(AtmError):
    """The text is not an amount that can be used.

    `code` is ``"empty"``, ``"not_a_number"``, ``"negative"``, ``"too_many_decimals"``,
    ``"ambiguous"`` (1,350 may be meant as 1350 or as 1.35) or ``"too_large"``.
    """

    def __init__(self, code: str, sentence: str) -> None:
        """Keep the *code* beside the *sentence* that a person may read."""
        super().__init__(sentence)
        self.code = code


def minor_digits(currency: str) -> int:
    """Return the number of decimals of *currency* (three capital letters, ISO 4217): 0 to 4."""
    return _OTHER_DIGITS.get(currency, _USUAL_DIGITS)


def to_minor(major: int, currency: str) -> int:
    """Return *major* whole units of *currency* in minor units: 10 EUR are 1000, 10 JPY are 10."""
    return int(major * 10 ** minor_digits(currency))


def plain_amount(minor: int, currency: str) -> str:
    """Return *minor* units for a command's output: 1350.00 EUR, 1350 JPY or 1350.000 KWD."""
    digits = minor_digits(currency)
    return f"{Decimal(minor).scaleb(-digits):.{digits}f} {currency}"


def parse_amount(text: str, currency: str) -> int:
    """Parse an amount that a person typed, zero included, into minor units of *currency*.

    Understood: ``20``, ``20.5``, ``20,50``, ``1,350.00``, ``1 350,00``, ``1.350.000``, ``€ 20``,
    ``20 EUR``. Digits are ASCII.

    Raises:
        AmountError: If it is empty, negative, more than 10**12 minor units, has more decimals
            than *currency*, could mean two amounts, or is no number.
    """
    if len(text) > _LONGEST_TEXT:
        raise AmountError("too_large", "The amount is too large.")
    amount = _without_currency(text.translate(_SPACES).strip(), currency)
    if not amount:
        raise AmountError("empty", "Type an amount.")
    negative = amount[0] in "-−"
    if negative:
        amount = _without_currency(amount[1:].lstrip(), currency)
    match = _PLAIN.fullmatch(amount) or _GROUPED.fullmatch(amount)
    if match is None:
        raise AmountError("not_a_number", "Type an amount in digits, such as 20 or 20.50.")
    if negative:
        raise AmountError("negative", "An amount cannot be negative.")
    return _value(match, minor_digits(currency))


def _value(match: re.Match[str], digits: int) -> int:
    whole, minor = match["whole"], match["minor"] or ""
    if len(minor) > digits:
        if match.re is _PLAIN and len(minor) == 3 and len(whole) <= 3 and whole[0] != "0":
            raise AmountError("ambiguous", f"Type {whole}{minor} without a comma or point.")
        raise AmountError("too_many_decimals", _decimals_sentence(digits))
    value = int("".join(filter(str.isdigit, whole)) + minor.ljust(digits, "0"))
    if value > LARGEST_MINOR:
        raise AmountError("too_large", "The amount is too large.")
    return value


def _decimals_sentence(digits: int) -> str:
    if digits == 0:
        return "This currency has no decimals."
    return f"An amount has at most {digits} decimals."


def _without_currency(text: str, currency: str) -> str:
    for mark in (currency, _SYMBOLS.get(currency, currency)):
        if text.startswith(mark):
            return text.removeprefix(mark).lstrip()
        if text.endswith(mark):
            return text.removesuffix(mark).rstrip()
    return text
