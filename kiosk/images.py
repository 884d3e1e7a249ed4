"""Caches of the Tk images that pages share.

A `PhotoImage` calls into Tk when it is finalised. Those of a page that was left would be finalised
whenever Python happens to find them; these are let go on the Tk thread: at the end of the window,
or, those whose sizes each page chooses, with the page.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from PIL import ImageTk

_images: dict[Hashable, Any] = {}
_of_this_page: dict[Hashable, Any] = {}
_of_last_page: dict[Hashable, Any] = {}


def shared_image(name: Hashable, draw: Callable[[], Any]) -> Any:
    """Return the Tk image called *name*; *draw* returns its first Pillow image."""
    if name not in _images:
        _images[name] = ImageTk.PhotoImage(draw())
    return _images[name]


def page_image(name: Hashable, draw: Callable[[], Any]) -> Any:
    """Return the Tk image called *name*, as `shared_image`; it goes with the pages that show it."""
    if name not in _of_this_page:
        last = _of_last_page.pop(name, None)
        _of_this_page[name] = ImageTk.PhotoImage(draw()) if last is None else last
    return _of_this_page[name]


def leave_page() -> None:
    """Let go what only the page before showed; call it once a page was replaced and destroyed."""
    global _of_this_page, _of_last_page
    _of_last_page, _of_this_page = _of_this_page, {}


def forget_images() -> None:
    """Let all images go, before the window is destroyed; on the Tk thread."""
    for images in (_images, _of_this_page, _of_last_page):
        images.clear()
