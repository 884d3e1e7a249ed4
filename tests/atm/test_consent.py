"""The version of a consent's text is read back as it was written, and nothing else is one."""

import hashlib

import pytest

from atm.consent import ConsentVersion

SHA = "ab" * 32


def test_a_version_is_read_back_and_names_the_text_that_was_shown() -> None:
    made = ConsentVersion.of(2, "es", 365, ["¿Podemos?", "Sí."])
    assert made.sha256 == hashlib.sha256("¿Podemos?\nSí.\n".encode()).hexdigest()
    assert ConsentVersion.read(str(made)) == made
    assert ConsentVersion.of(2, "es", 365, ["¿Podemos?", "Si."]).sha256 != made.sha256


@pytest.mark.parametrize(
    "text", [None, "", "1", f"1 en 0 {SHA}0", f"1 en -1 {SHA}", f"0 en 0 {SHA}", f"1 EN 0 {SHA}"]
)
def test_anything_else_is_an_unknown_version(text: str | None) -> None:
    assert ConsentVersion.read(text) is None
