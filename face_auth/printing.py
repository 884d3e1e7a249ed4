"""Printing where the output's encoding lacks a character."""

import io
import sys


def escape_what_cannot_be_printed() -> None:
    """Have standard output write a character that its encoding lacks as an escape.

    Without it Python raises UnicodeEncodeError there, and what is left is never printed. Standard
    error is so from the start. Every command line calls it first.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):  # not where a caller has replaced it
        sys.stdout.reconfigure(errors="backslashreplace")
