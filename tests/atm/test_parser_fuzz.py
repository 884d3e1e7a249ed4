"""A changed file raises only its module's own error, and never hangs or exhausts memory.

`pytest -m long` reads 10,000 mutations with each of the parsers.
"""

from typing import Any

import pytest

from tests.atm.parser_fuzz import forget_peak, fuzz, memory, targets

MOST_MEMORY = 200 << 20


def fuzz_all(bank: Any, face: Any, count: int) -> int:
    """Return how many mutations were read."""
    total = 0
    for target in targets(bank, face):
        forget_peak()
        before = memory()
        found = fuzz(target, count)
        assert memory() - before < MOST_MEMORY, target.name
        assert sum(found.values()) == count
        assert found["refused"], f"nothing was refused of {target.name}"
        total += count
    return total


def test_changed_files_are_refused_cleanly(bank, face, no_sync) -> None:
    assert fuzz_all(bank, face, 50) >= 2000


@pytest.mark.long
def test_ten_thousand_changes_of_each_file_are_refused_cleanly(bank, face, no_sync) -> None:
    assert fuzz_all(bank, face, 10_000) >= 300_000
