"""The consent's text: a question, and the paragraphs under it, each with its icon and title.

It is legal text. The bank approves its wording in every language before it serves customers, and
whoever changes it here asks the bank again. The comments say so to translators.
"""

from __future__ import annotations

from kiosk.words.messages import N_

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

WITHOUT_FACE = (
    "info",
    # TRANSLATORS: consent, to be approved by the bank
    N_("Without your face"),
    # TRANSLATORS: consent, to be approved by the bank
    N_("You may say yes without it: no picture is taken, and staff are present at each payment."),
)
"""One more paragraph, where the bank serves customers without their face."""
