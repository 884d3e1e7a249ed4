"""The record of how a folder of training or test pictures was made, kept beside the pictures."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from face_auth.datasets.photographs import people_in
from face_auth.errors import DatasetError
from face_auth.files import write_whole

RECORD: Final = "dataset.json"
DRAWN: Final = "drawn"
"""The kind of data that holds no photograph of anybody."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The parameters of a pair of folders; the same plan gives the same files.

    Attributes:
        source: Folder of photographs, one sub-folder per person.
        kind: "lfw", "folder" or `DRAWN`.
        people: "unseen", "seen" or "all": by whether the bundled network saw them in training.
        seed: Decides which photographs are for testing and how strong each alteration is.
    """

    source: str
    kind: str
    people: str
    seed: int


def read_record(folder: Path) -> tuple[Plan, bool] | None:
    """Return *folder*'s plan and whether the folder is complete; None without a plan.

    Raises:
        DatasetError: If the record is damaged.
    """
    path = folder / RECORD
    try:
        content = json.loads(path.read_text("utf-8"))
        return Plan(**content["plan"]), bool(content["complete"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DatasetError(
            f"{path} is damaged ({error!r}). Empty {folder} and start again."
        ) from error


def claim(folder: Path, plan: Plan) -> None:
    """Check that *folder* is empty or has the same plan, and write the plan there.

    Raises:
        DatasetError: If it holds anything else.
        OSError: If it cannot be read or written.
    """
    record = read_record(folder)
    if record is None and any(people_in(folder)):
        raise DatasetError(
            f"{folder} holds pictures that this command did not make. "
            "Empty it first, or name other folders with --train and --test."
        )
    if record is not None and record[0] != plan:
        raise DatasetError(
            f"{folder} holds pictures made otherwise ({record[0]}). "
            "Empty it first, or name other folders with --train and --test."
        )
    if record is None:
        write_record(folder, plan, complete=False)


def write_record(folder: Path, plan: Plan, *, complete: bool = True) -> None:
    """Write *plan* into *folder*, and whether the folder is complete."""
    content = json.dumps({"plan": asdict(plan), "complete": complete}, indent=1)
    write_whole(folder / RECORD, content.encode(), mode=0o644)
