"""Visits that were simulated before: a run that was stopped goes on from there."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import face_auth
from face_auth.evaluation.cache import Cache, digest
from face_auth.evaluation.protocols.pad.visits import Visit


class VisitCache:
    """Visits of this very program with one set of options, kept in a cache file."""

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
        """Return the visit of that name, as it was kept or from *run*."""
        key = digest(self._about, name)
        kept = self._cache.find([key]).get(key)
        if kept is not None:
            return Visit(**json.loads(kept))
        made = run()
        self._cache.add([(key, json.dumps(dataclasses.asdict(made)).encode())])
        return made

    def close(self) -> None:
        """Let go of the file."""
        self._cache.close()
