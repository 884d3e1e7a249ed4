"""Version of the consent's text: its number, language, the days that it names, and its SHA-256."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

_FORM = re.compile("([1-9][0-9]{0,3}) ([a-z]{2,3}) ([0-9]{1,5}) ([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class ConsentVersion:
    """Version of the text that a customer read, as it stands in the customer's record.

    Attributes:
        number: The wording's, from 1.
        language: Code of the language that it was shown in.
        keep_days: Days without use after which it says the data are deleted; 0 if it names none.
        sha256: Of the text that was shown, 64 hexadecimal digits.
    """

    number: int
    language: str
    keep_days: int
    sha256: str

    @classmethod
    def of(cls, number: int, language: str, keep_days: int, shown: Iterable[str]) -> Self:
        """Return the version of the texts *shown*, one a line, in UTF-8."""
        text = "".join(f"{each}\n" for each in shown)
        return cls(number, language, keep_days, hashlib.sha256(text.encode()).hexdigest())

    @classmethod
    def read(cls, text: str | None) -> Self | None:
        """Return the version that `str` made *text* of; None if it is not known."""
        found = _FORM.fullmatch(text or "")
        if found is None:
            return None
        number, language, keep_days, sha256 = found.groups()
        return cls(int(number), language, int(keep_days), sha256)

    def __str__(self) -> str:
        """Return the text that a record keeps."""
        return f"{self.number} {self.language} {self.keep_days} {self.sha256}"
