"""Writing of model cards, and checks of the files that they name."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from face_auth.errors import ModelError
from face_auth.files import write_whole
from face_auth.liveness.head import load_head
from face_auth.models import (
    CARD_FILE,
    LIVENESS_HEAD,
    load_card,
    load_cohort,
    own_card,
    read_card_file,
    read_checked,
    read_listed,
)

FETCHED: Final = "vggface2"
"""The network whose file does not come with the program."""


def digest(data: bytes) -> str:
    """Return the SHA-256 of *data*, hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def write_entry(path: Path, name: str, entry: dict[str, Any]) -> None:
    """Write an entry into a card file atomically; the other entries stay.

    Raises:
        ModelError: If the card file is there but cannot be read.
        OSError: If it cannot be written.
    """
    entries = read_card_file(path)
    entries[name] = entry
    text = json.dumps(entries, indent=2, ensure_ascii=False) + "\n"
    write_whole(path, text.encode(), mode=0o644)


def card_of(name: str, folder: Path) -> Path:
    """Return the card file that holds an entry, or would hold it."""
    own = own_card(name, folder)
    return own if own.exists() else folder / CARD_FILE


def check(folder: Path) -> Iterator[tuple[bool, str]]:
    """Check each file that a card in *folder* names; yield the result and a line about it.

    Yields one wrong line where there is no card at all.
    """
    paths = [folder / CARD_FILE, *sorted(folder.glob("*.card.json"))]
    if not any(path.exists() for path in paths):
        yield False, f"There is no model card in {folder}."
    for path in paths:
        try:
            entries = read_card_file(path)
        except ModelError as error:
            yield False, str(error)
            continue
        for name, entry in entries.items():
            if isinstance(entry, dict):
                yield from _check_entry(name, entry, folder)


def _check_entry(name: str, entry: dict[str, Any], folder: Path) -> Iterator[tuple[bool, str]]:
    listed = entry.get("files")
    if isinstance(listed, dict):
        for file in listed:
            try:
                size = len(read_listed(name, file, folder))
                yield True, f"{name}: {file}, {size / 1e6:.1f} MB"
            except ModelError as error:
                yield False, f"{name}: {error}"
        return
    try:
        if name == LIVENESS_HEAD:
            yield True, f"{name}: {len(load_head(folder).weights)} coefficients"
            return
        card = load_card(name, folder)
        if name == FETCHED and not (folder / card.file).exists():
            yield True, f"{name}: {card.file} is not here; fetch it: make network"
        else:
            size = len(read_checked(folder / card.file, card.sha256))
            yield True, f"{name}: {card.file}, {size / 1e6:.1f} MB, {card.size} px"
        cohort = load_cohort(card)
        yield True, f"{name}: {card.cohort_file}, {len(cohort)} vectors"
        strictest = card.threshold("1e-4")
        state = "provisional" if strictest.provisional else "calibrated"
        rates = ", ".join(f"{value:.3f} at {fmr}" for fmr, value in card.thresholds.items())
        yield True, f"{name}: thresholds {rates} ({state})"
    except ModelError as error:
        yield False, f"{name}: {error}"
