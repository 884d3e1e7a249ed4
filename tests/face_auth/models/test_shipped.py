"""The program knows the model cards that it comes with, and tells others from them."""

import json
from pathlib import Path

import pytest

from face_auth.models import CARD_FILE, MODELS, read_entry
from face_auth.models.shipped import SHIPPED, deciding_digest, is_shipped


def test_the_digests_in_the_source_are_those_of_the_repositorys_cards() -> None:
    shipped = json.loads((MODELS / CARD_FILE).read_text("utf-8"))
    shipped["mtcnn"] = read_entry("mtcnn")
    assert {name: deciding_digest(shipped[name]) for name in SHIPPED} == SHIPPED


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("thresholds", {"1e-4": -50}),
        ("default rate", "1e-2"),
        ("sha256", "ab" * 32),
        ("cohort", {"file": "own.npz", "sha256": "ab" * 32}),
        ("input", {"size": 160, "framing": "five_points"}),
    ],
)
def test_a_card_of_ones_own_that_decides_otherwise_is_told(
    tmp_path: Path, part: str, value: object
) -> None:
    entry = read_entry("bundled")
    own = tmp_path / "bundled.card.json"
    own.write_text(json.dumps({"bundled": entry | {"terms": "Read these."}}))
    assert is_shipped("bundled", tmp_path)
    own.write_text(json.dumps({"bundled": entry | {part: value}}))
    assert not is_shipped("bundled", tmp_path)
