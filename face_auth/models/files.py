"""The files of one models folder, each read once: the bytes that were checked are those in use."""

import hashlib
import threading
from pathlib import Path
from typing import Final

from face_auth.errors import ModelError
from face_auth.files import read_regular

MODELS: Final = Path(__file__).resolve().parents[2] / "models"
"""The folder of the model files that come with the program."""

LARGEST_FILE: Final = 256 << 20
LIVENESS_FILE: Final = "minifas_v2se_128.onnx"
"""The published liveness network, where it was fetched."""
LIVENESS_HEAD: Final = "liveness_head"
"""The entry of the model card for what was fitted on that network's scores."""


class ModelFiles:
    """Reads the files of a folder, each at the first use, and keeps its bytes.

    Whoever swaps a file between an approval's check and the use changes nothing that runs. A file
    that was missing stays so. Any thread may read.
    """

    def __init__(self, folder: Path = MODELS, *, liveness: Path | None = None) -> None:
        """Read nothing yet.

        Args:
            folder: The models folder.
            liveness: Where `LIVENESS_FILE` is instead.
        """
        self.folder = folder
        self._liveness = liveness
        self._held: dict[str, bytes | FileNotFoundError] = {}
        self._turn = threading.Lock()

    @classmethod
    def of(cls, folder: "Path | ModelFiles") -> "ModelFiles":
        """Return the files of *folder*; those themselves that are `ModelFiles` already."""
        return folder if isinstance(folder, ModelFiles) else cls(folder)

    def path(self, name: str) -> Path:
        """Return the path of a file, for sentences to staff."""
        return self._liveness if self._liveness and name == LIVENESS_FILE else self.folder / name

    def read(self, name: str, largest: int = LARGEST_FILE) -> bytes:
        """Return a file's bytes, as they were at the first call.

        Args:
            name: A plain name.
            largest: In bytes.

        Raises:
            OSError: If there is none, it is larger, or it is not a regular file.
        """
        with self._turn:
            held = self._held.get(name)
            if held is None:
                try:
                    held = read_regular(self.path(name), largest)
                except FileNotFoundError as error:
                    held = error
                self._held[name] = held
        if isinstance(held, FileNotFoundError):
            raise FileNotFoundError(*held.args)
        return held

    def __contains__(self, name: str) -> bool:
        """Whether the file is there and can be read."""
        try:
            self.read(name)
        except OSError:
            return False
        return True

    def checked(self, name: str, sha256: str) -> bytes:
        """Return a file's bytes, checked against the SHA-256 that a card names.

        Raises:
            ModelError: If the file is missing or another one.
        """
        path = self.path(name)
        try:
            data = self.read(name)
        except OSError as error:
            raise ModelError(
                f"The model file {path} cannot be read ({error.strerror or error}). "
                f"{how_to_restore(path)}"
            ) from error
        if hashlib.sha256(data).hexdigest() != sha256:
            raise ModelError(
                f"The model file {path} is not the one that its model card names: it is damaged, "
                f"incomplete or of another version. {how_to_restore(path)}"
            )
        return data


def how_to_restore(path: Path) -> str:
    """Return the sentence that tells how to get a model file again."""
    if path.name == "vggface2.tflite":
        return "Fetch it again: python -m face_auth.models fetch vggface2"
    if path.name.startswith("mtcnn"):
        return "Make it again: python -m face_auth.models convert mtcnn"
    if path.name == LIVENESS_FILE:
        return "Fetch it with: python -m face_auth.models fetch minifas"
    return "Restore it from the program's repository: git checkout -- models"
