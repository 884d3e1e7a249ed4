"""The consent's text: a question, and the paragraphs under it, each with its icon and title.

It is legal text. The bank approves its wording in every language before it serves customers, and
whoever changes it here asks the bank again, with the next `NUMBER`. The comments say so to
translators. A customer's record keeps the version of the text that was shown, with its SHA-256;
`python -m kiosk.words.consent DAYS` prints each text with its version, for the bank's archive.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from atm.consent import ConsentVersion
from kiosk.words.language import Language, languages
from kiosk.words.messages import N_

NUMBER = 1
"""Number of the wording below, in all languages."""

# TRANSLATORS: consent, to be approved by the bank
QUESTION = N_("May we keep your face and your PIN?")

PARAGRAPHS = (
    (
        "lock",
        # TRANSLATORS: consent, to be approved by the bank
        N_("What is kept"),
        # TRANSLATORS: consent, to be approved by the bank
        N_("Five face pictures, encrypted, and a code made from your PIN."),
    ),
    (
        "face",
        # TRANSLATORS: consent, to be approved by the bank
        N_("What it is for"),
        # TRANSLATORS: consent, to be approved by the bank
        N_("Only to check that it is you who takes money."),
    ),
    (
        "erase",
        # TRANSLATORS: consent, to be approved by the bank
        N_("How it is deleted"),
        # TRANSLATORS: consent, to be approved by the bank
        N_("Ask staff at any time: face, PIN and account are deleted at once."),
    ),
)
"""Icon, title and text of each paragraph."""

UNUSED = (
    "hold",
    # TRANSLATORS: consent, to be approved by the bank
    N_("How long it is kept"),
    # TRANSLATORS: consent, to be approved by the bank
    N_("Until you ask us to delete it, or an empty account is unused for {days} days."),
)
"""One more paragraph, where unused accounts are deleted; {days} is 60 or more."""

WITHOUT_FACE = (
    "info",
    # TRANSLATORS: consent, to be approved by the bank
    N_("Without your face"),
    # TRANSLATORS: consent, to be approved by the bank
    N_("You may say yes without it: no picture is taken, and staff are present at each payment."),
)
"""One more paragraph, where the bank serves customers without their face."""


Paragraph = tuple[str, str, str]


def paragraphs(language: Language, *, keep_days: int, without_face: bool) -> list[Paragraph]:
    """Return icon, title and text of each paragraph in *language*.

    Args:
        language: In whose words.
        keep_days: The setting `keep_inactive_days`.
        without_face: Whether the bank serves customers without their face.
    """
    more = [UNUSED] if keep_days else []
    more += [WITHOUT_FACE] if without_face else []
    _ = language.gettext
    return [
        (icon, _(title), _(text).replace("{days}", str(keep_days)))
        for icon, title, text in (*PARAGRAPHS, *more)
    ]


def version(language: Language, shown: Sequence[Paragraph], keep_days: int) -> ConsentVersion:
    """Return the version of the consent whose paragraphs are *shown* in *language*."""
    texts = [language.gettext(QUESTION), *(text for each in shown for text in each[1:])]
    return ConsentVersion.of(NUMBER, language.code, keep_days, texts)


def main(arguments: Sequence[str]) -> int:
    """Print every text of the consent with its version; returns 0."""
    keep_days = int(arguments[0]) if arguments else 0
    for code in languages():
        language = Language(code)
        for without_face in (False, True):
            shown = paragraphs(language, keep_days=keep_days, without_face=without_face)
            print(version(language, shown, keep_days))
            for _icon, title, text in (("", "", language.gettext(QUESTION)), *shown):
                print(f"  {title}: {text}" if title else f"  {text}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
