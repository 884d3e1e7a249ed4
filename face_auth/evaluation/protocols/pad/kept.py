"""Cache of simulated visits, from which an interrupted run continues."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import face_auth
from face_auth.evaluation.cache import Cache, digest
from face_auth.evaluation.protocols.pad.visits import Visit


class VisitCache:
    """A cache file of visits, valid for this program's code and one set of options."""

    def __init__(self, folder: Path, about: dict[str, Any]) -> None:
        """Open the cache in *folder*; *about* is all that the visits depend on, as json writes it.

        Raises:
            OSError: If the folder cannot be used.
        """
        self._cache = Cache(folder / "pad.sqlite")
        sources = sorted(Path(face_auth.__file__).parent.rglob("*.py"))
        self._about = digest(
            json.dumps(about, sort_keys=True), *(source.read_bytes() for source in sources)
        )

    def visit(self, name: str, run: Callable[[], Visit]) -> Visit:
        """Return the visit of that name from the cache, or else from *run*."""
        key = digest(self._about, name)
        kept = self._cache.find([key]).get(key)
        if kept is not None:
            return Visit(**json.loads(kept))
        made = run()
        self._cache.add([(key, json.dumps(dataclasses.asdict(made)).encode())])
        return made

    def close(self) -> None:
        """Close the file."""
        self._cache.close()
