"""Words for the ear: amounts as money words, and no signs that only the eye needs."""

from __future__ import annotations

import re

from atm.accounts.money import minor_digits
from kiosk.words.language import Language
from kiosk.words.messages import N_

MOVEMENTS = {
    "left": N_("Turn your head to the left"),
    "right": N_("Turn your head to the right"),
    "up": N_("Lift your chin and look up"),
    "down": N_("Lower your chin and look down"),
    "closer": N_("Come closer with your face"),
}
"""What is said where a line has an arrow, by the line's tone."""

_NUMBER = r"\d(?:[\d.,'\u00a0\u202f]*\d)?"
_SILENT = re.compile("[●•✕✓←→⇧›‹]+")
_CODE = re.compile(r"\b(?=[A-Z0-9]*[A-Z])[A-Z0-9]{6,}\b")
_SPACES = re.compile(r"[\s\u00a0]+")


def spoken(text: str, language: Language) -> str:
    """Return *text* as a voice says it.

    “€ 1,350.00” becomes “1350 euros”, “− 40.50” “minus 40 euros 50”, and an amount that is not
    shown “hidden”. A reference is spelled.
    """
    _ = language.gettext
    text = text.replace(language.hidden_money(), _("hidden"))
    sign = re.escape(language.symbol)
    amount = re.compile(
        rf"(?P<signed>[−+]\u00a0)?"
        rf"(?:{sign}\u00a0?(?P<a>{_NUMBER})|(?P<b>{_NUMBER})\u00a0?{sign}"
        rf"|(?<=[−+]\u00a0)(?P<c>{_NUMBER}))"
    )

    def words(found: re.Match[str]) -> str:
        number = found["a"] or found["b"] or found["c"]
        told = _money(number, language)
        if told is None:
            return found[0]
        before = {"−": _("minus") + " ", "+": _("plus") + " "}
        return before.get((found["signed"] or "")[:1], "") + told

    told = _CODE.sub(lambda code: " ".join(code[0]), amount.sub(words, text))
    return _SPACES.sub(" ", _SILENT.sub(" ", told)).strip()


def _money(number: str, language: Language) -> str | None:
    """Return a number of the language as an amount, or None where it is none."""
    from babel.numbers import NumberFormatError, get_currency_name, parse_decimal

    locale = language.locale
    try:
        value = parse_decimal(_SPACES.sub("", number), locale=locale)
    except NumberFormatError:
        return None
    digits = minor_digits(language.currency)
    major, rest = int(value), round(value % 1 * 10**digits)
    name = get_currency_name(language.currency, count=major, locale=locale)
    return f"{major} {name}" + (f" {rest:0{digits}d}" if rest else "")
