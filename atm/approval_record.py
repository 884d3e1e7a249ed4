"""One approval of models and settings, as its sealed file keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeGuard

from credentials.sealed.files import JsonObject


@dataclass(frozen=True, slots=True)
class Approval:
    """One approval: who signed, when, and the digests and settings it covers.

    Attributes:
        by: Names of the members of staff.
        at: When; aware.
        files: SHA-256, hexadecimal, by file name.
        settings: As `atm.bound_settings.bound_settings` returns them.
    """

    by: tuple[str, ...]
    at: datetime
    files: Mapping[str, str]
    settings: Mapping[str, str]

    @property
    def network(self) -> str:
        """Name of the face network; "bundled" where none was recorded."""
        return self.settings.get("network", "bundled")

    def record(self) -> JsonObject:
        """Return what the file keeps of it; `parse` reads that."""
        return {
            "by": list(self.by),
            "at": self.at.isoformat(),
            "files": dict(self.files),
            "settings": dict(self.settings),
        }


def parse(records: list[JsonObject]) -> Approval | None:
    """Return the approval of a file's *records*, None if there is none.

    Raises:
        ValueError: If it is none that this program wrote.
    """
    if not records:
        return None
    (record, *more) = records
    by, at, files, settings = (record.get(name) for name in ("by", "at", "files", "settings"))
    if (
        more
        or not (isinstance(by, list) and all(isinstance(each, str) for each in by))
        or not isinstance(at, str)
        or not _is_text(files)
        or not _is_text(settings)
        or not all(Path(name).name == name for name in files)
    ):
        raise ValueError("it is no approval that this program wrote")
    return Approval(tuple(by), datetime.fromisoformat(at), files, settings)


def _is_text(value: object) -> TypeGuard[dict[str, str]]:
    return isinstance(value, dict) and all(
        isinstance(each, str) for pair in value.items() for each in pair
    )
