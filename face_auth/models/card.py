"""The model card: its entries for each network, and model files checked against it."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from face_auth.errors import ModelError
from face_auth.models.files import MODELS, ModelFiles, how_to_restore
from face_auth.npz import read_arrays

CARD_FILE: Final = "model_card.json"
DIMENSIONS: Final = 512
LARGEST_CARD: Final = 1 << 20


class Framing(StrEnum):
    """The way in which a network's input is cut out of a photograph."""

    FIVE_POINTS = "five_points"
    BOX_WITH_MARGIN = "box_with_margin"


@dataclass(frozen=True, slots=True)
class Threshold:
    """An acceptance threshold: a score of at least *value* is accepted.

    Attributes:
        value: In the units of the customers' SVM, unbounded.
        fmr: The false match rate at which it was measured, as the card writes it: "1e-4".
        provisional: Whether it still waits for its calibration.
        fnmr: The share of customers' own attempts that fail there; None where it was not measured.
    """

    value: float
    fmr: str
    provisional: bool
    fnmr: float | None = None


@dataclass(frozen=True, slots=True)
class ModelCard:
    """The model card's entry for one embedding network.

    Attributes:
        name: "bundled" or "vggface2".
        files: The files of its folder.
        file: The network's file.
        sha256: Of that file, hexadecimal.
        size: Width and height of its input, px.
        framing: How a face is brought to that size.
        margin: Added around the box on each side, as a share of it; 0 where framing has none.
        cohort_file: Its impostor cohort; None where none was made yet.
        cohort_sha256: Of that file.
        cohort_network: SHA-256 of the network's file with which the cohort was made: another one
            where the same weights were converted by other software.
        thresholds: Score by false match rate ("1e-4").
        provisional: Whether the thresholds wait for their calibration.
        fnmrs: False non-match rate at each calibrated threshold, by false match rate.
        default_rate: The false match rate that a kiosk takes where none is set: the strictest
            calibrated one at which three tries fail for at most one honest visitor in a hundred.
        terms: What staff must know and confirm before a bank uses the network; "" if nothing.
    """

    name: str
    files: ModelFiles = field(compare=False, repr=False)
    file: str
    sha256: str
    size: int
    framing: Framing
    margin: float
    cohort_file: str | None
    cohort_sha256: str | None
    cohort_network: str
    thresholds: Mapping[str, float]
    provisional: bool
    fnmrs: Mapping[str, float] = field(default_factory=dict)
    default_rate: str = "1e-4"
    terms: str = ""

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return self.files.folder

    def threshold(self, security: str = "") -> Threshold:
        """Return the threshold for a false match rate, or the strictest available.

        Args:
            security: The rate asked for, as a number in words: "1e-3"; "" for the default.

        Raises:
            ModelError: If no threshold was measured for this network.
            ValueError: If *security* is not a rate between 0 and 1.
        """
        asked = float(security or self.default_rate)
        if not 0 < asked < 1:
            raise ValueError(f"{security} is not a false match rate between 0 and 1")
        if not self.thresholds:
            raise ModelError(
                f"No threshold was measured for the network {self.name} yet. "
                f"Run: python -m face_auth.models cohort {self.name} --people FOLDER"
            )
        by_rate = {float(fmr): fmr for fmr in self.thresholds}
        alike = [rate for rate in by_rate if math.isclose(rate, asked)]
        fmr = by_rate[alike[0] if alike else min(by_rate)]
        return Threshold(self.thresholds[fmr], fmr, self.provisional, self.fnmrs.get(fmr))


def load_card(name: str = "bundled", folder: Path | ModelFiles = MODELS) -> ModelCard:
    """Return the card of one embedding network, and with it the files of its folder.

    Raises:
        ModelError: If the card is missing or damaged, or knows no such network.
    """
    files = ModelFiles.of(folder)
    entry = read_entry(name, files)
    try:
        cohort = entry.get("cohort")
        return ModelCard(
            name=name,
            files=files,
            file=_plain_name(entry["file"]),
            sha256=str(entry["sha256"]),
            size=int(entry["input"]["size"]),
            framing=Framing(entry["input"]["framing"]),
            margin=_finite(entry["input"].get("margin", 0)),
            cohort_file=_plain_name(cohort["file"]) if cohort else None,
            cohort_sha256=str(cohort["sha256"]) if cohort else None,
            cohort_network=str((cohort or {}).get("network", entry["sha256"])),
            thresholds={_rate(k): _finite(v) for k, v in entry["thresholds"].items()},
            provisional=bool(entry["provisional"]),
            fnmrs=_fnmrs(entry),
            default_rate=_rate(str(entry.get("default rate", "1e-4"))),
            terms=str(entry.get("terms", "")),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ModelError(
            f"The model card in {files.folder} describes the network {name} wrongly ({error!r}). "
            "Restore it from the program's repository, or fetch the network again."
        ) from error


def read_entry(name: str, folder: Path | ModelFiles = MODELS) -> dict[str, Any]:
    """Return the entry *name* of the cards in *folder*, as written there.

    A network that was made on this computer has a card file of its own, ``<name>.card.json``,
    which is read first.

    Raises:
        ModelError: If there is no such entry, or a card cannot be read.
    """
    files = ModelFiles.of(folder)
    for card in (own_card(name, files.folder).name, CARD_FILE):
        entry = _card_entries(files, card).get(name)
        if isinstance(entry, dict):
            return entry
    raise ModelError(
        f"No model card in {files.folder} has an entry for the network {name}. "
        f"Restore {files.folder / CARD_FILE} from the program's repository."
    )


def own_card(name: str, folder: Path) -> Path:
    """Return the path of the card of a network that was made on this computer."""
    return folder / f"{name}.card.json"


def read_card_file(path: Path) -> dict[str, Any]:
    """Return the entries of one card file; none if the file is missing.

    Raises:
        ModelError: If it cannot be read.
    """
    return _card_entries(ModelFiles(path.parent), path.name)


def _card_entries(files: ModelFiles, name: str) -> dict[str, Any]:
    path = files.path(name)
    try:
        content = json.loads(files.read(name, LARGEST_CARD).decode("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(
            f"The model card {path} cannot be read ({error}). "
            "Restore it from the program's repository."
        ) from error
    if not isinstance(content, dict):
        raise ModelError(f"The model card {path} is damaged. Restore it from the repository.")
    return content


def read_checked(path: Path, sha256: str) -> bytes:
    """Return a model file's bytes, checked against the card's SHA-256.

    Raises:
        ModelError: If the file is missing or another one.
    """
    return ModelFiles(path.parent).checked(path.name, sha256)


def read_listed(name: str, file: str, folder: Path | ModelFiles = MODELS) -> bytes:
    """Return the bytes of a file that a card entry lists under "files" with its SHA-256.

    Args:
        name: The entry: "mtcnn".
        file: The file's plain name.
        folder: Where card and file are.

    Raises:
        ModelError: If the entry, its listing or the file is missing, or the file is another one.
    """
    files = ModelFiles.of(folder)
    listed = read_entry(name, files).get("files")
    if not isinstance(listed, dict) or not isinstance(listed.get(file), str):
        raise ModelError(
            f"The model card in {files.folder} lists no file {file} for {name}. "
            "Restore it from the program's repository."
        )
    return files.checked(_plain_name(file), listed[file])


def load_cohort(card: ModelCard) -> NDArray[np.float32]:
    """Return the impostor cohort of a network: unit rows, shape (m, 512).

    Raises:
        ModelError: If there is none, or it is damaged or of another network.
    """
    if card.cohort_file is None or card.cohort_sha256 is None:
        raise ModelError(
            f"The network {card.name} has no impostor cohort yet. Make one from photographs of "
            f"many people: python -m face_auth.models cohort {card.name} --people FOLDER"
        )
    path = card.folder / card.cohort_file
    data = card.files.checked(card.cohort_file, card.cohort_sha256)
    try:
        arrays = read_arrays(data)
        vectors, network = arrays["vectors"].astype(np.float32), str(arrays["network"])
    except (ValueError, KeyError) as error:
        raise ModelError(f"{path} holds no impostor cohort. {how_to_restore(path)}") from error
    if network != card.cohort_network:
        raise ModelError(
            f"The impostor cohort {path} was made for another network than {card.file}. "
            f"{how_to_restore(path)}"
        )
    if vectors.ndim == 2 and vectors.shape[1] == DIMENSIONS and len(vectors):
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if np.allclose(lengths, 1, atol=0.01):
            return np.asarray(vectors / lengths, np.float32)
    raise ModelError(f"{path} holds no unit embeddings. {how_to_restore(path)}")


def _plain_name(value: Any) -> str:
    """Return a file name that cannot lead out of its folder."""
    if not isinstance(value, str) or Path(value).name != value:
        raise ValueError(f"no plain file name: {value!r}")
    return value


def _rate(text: str) -> str:
    if not 0 < float(text) < 1:
        raise ValueError(f"no false match rate: {text!r}")
    return text


def _fnmrs(entry: Mapping[str, Any]) -> dict[str, float]:
    """Return what the calibration says, where it is about the thresholds of the card."""
    rates = entry.get("calibration", {}).get("rates", {})
    return {
        rate: _finite(rates[rate]["fnmr"])
        for rate, threshold in entry["thresholds"].items()
        if rate in rates and rates[rate]["threshold"] == threshold
    }


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"no threshold: {value!r}")
    return number
