"""The model files that a machine with its settings reads: cards, networks, cohort, classifiers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from atm.errors import NotApprovedError
from atm.settings import Settings
from face_auth.errors import ModelError

if TYPE_CHECKING:
    from face_auth.models import ModelCard, ModelFiles


def models_of(settings: Settings) -> ModelFiles:
    """Return the model files of a machine with *settings*; nothing is read yet."""
    from face_auth.models import MODELS, ModelFiles  # NumPy, for which no first paint waits

    return ModelFiles(MODELS, liveness=settings.minifas)


def files_of(settings: Settings, models: Path | ModelFiles | None) -> ModelFiles:
    """Return *models*, or those of a machine with *settings*."""
    from face_auth.models import ModelFiles

    return models_of(settings) if models is None else ModelFiles.of(models)


def card_of(network: str, files: ModelFiles) -> ModelCard:
    """Return the card of *network* among *files*.

    Raises:
        NotApprovedError: If it is missing or damaged.
    """
    from face_auth.models import load_card

    try:
        return load_card(network, files)
    except ModelError as error:
        raise NotApprovedError(str(error)) from error


def file_names(settings: Settings, files: ModelFiles, *, live: bool) -> set[str]:
    """Return the names of all files that a kiosk with *settings* reads.

    They are cards, networks, cohort and the classifiers of occlusion; where liveness is bound and
    asked for, also its published network, if it was fetched.

    Raises:
        NotApprovedError: If a card is missing or damaged.
    """
    from face_auth.models import CARD_FILE, LIVENESS_FILE, LIVENESS_HEAD, own_card, read_entry

    card = card_of(settings.network, files)
    cards = [CARD_FILE]
    names = [card.file, *([card.cohort_file] if card.cohort_file else [])]
    try:
        for entry in (settings.network, "mtcnn", "covering"):
            cards.append(own_card(entry, files.folder).name)
            if entry != settings.network:
                names += _listed(entry, read_entry(entry, files))
    except ModelError as error:
        raise NotApprovedError(str(error)) from error
    if uses_head(settings):
        cards.append(own_card(LIVENESS_HEAD, files.folder).name)
    optional = [*cards, *([LIVENESS_FILE] if live and settings.liveness != "off" else [])]
    return {*names, *(name for name in optional if name in files)}


def uses_head(settings: Settings) -> bool:
    """Return whether the fitted liveness head judges, where its network was fetched."""
    return settings.liveness_head and settings.liveness != "off"


def _listed(name: str, entry: Mapping[str, object]) -> list[str]:
    files = entry.get("files")
    if not isinstance(files, dict) or not all(Path(each).name == each for each in files):
        raise ModelError(f"The model card lists no files for {name}.")
    return list(files)


def digest(files: ModelFiles, name: str) -> str:
    """Return the SHA-256 of a file, hexadecimal.

    Raises:
        NotApprovedError: If it cannot be read.
    """
    try:
        return hashlib.sha256(files.read(name)).hexdigest()
    except OSError as error:
        raise NotApprovedError(
            f"The model file {files.path(name)} cannot be read ({error.strerror});"
            " restore it from the program's repository."
        ) from error
