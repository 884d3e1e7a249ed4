"""Tests of printing where the output's encoding lacks a character."""

import io
import re
import sys
from pathlib import Path

import pytest

from face_auth.printing import escape_what_cannot_be_printed

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("encoding", "shown"), [("ascii", r"Jos\xe9 \u0142"), ("latin-1", r"José \u0142")]
)
def test_what_the_encoding_lacks_is_escaped(monkeypatch, encoding, shown) -> None:
    printed = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(printed, encoding=encoding))
    escape_what_cannot_be_printed()
    print("José ł", end="", flush=True)
    assert printed.getvalue().decode(encoding) == shown


@pytest.mark.parametrize("other", [None, io.StringIO()])
def test_a_replaced_output_is_left_as_it_is(monkeypatch, other) -> None:
    monkeypatch.setattr(sys, "stdout", other)
    escape_what_cannot_be_printed()
    print("José ł")


def test_every_command_line_calls_it() -> None:
    mains = [
        path
        for package in ("atm", "face_auth")
        for path in (ROOT / package).rglob("*.py")
        if re.search(r"^def main\(", path.read_text("utf-8"), re.MULTILINE)
    ]
    assert len(mains) == 7
    for path in mains:
        assert "    escape_what_cannot_be_printed()\n" in path.read_text("utf-8"), path
