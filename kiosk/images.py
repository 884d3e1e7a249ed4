"""Cache of Tk images that all pages share and that end with the window.

A `PhotoImage` calls into Tk when it is finalised. Those of a page that was left would be finalised
whenever Python happens to find them; these stay until `forget_images`, on the Tk thread.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from PIL import ImageTk

_images: dict[Hashable, Any] = {}


def shared_image(name: Hashable, draw: Callable[[], Any]) -> Any:
    """Return the Tk image called *name*; *draw* returns its first Pillow image."""
    if name not in _images:
        _images[name] = ImageTk.PhotoImage(draw())
    return _images[name]


def forget_images() -> None:
    """Let all images go, before the window is destroyed; on the Tk thread."""
    _images.clear()
