"""Watch on the thread that finalises Tk objects: off the Tk thread they can block the window."""

import threading
import tkinter
import tkinter.font
from collections.abc import Callable
from typing import Any

from PIL import ImageTk

FINALISED = (tkinter.Image, tkinter.Variable, tkinter.font.Font, ImageTk.PhotoImage)
"""Every class of tkinter and Pillow whose objects call into Tk when they are finalised."""


def watch_finalisers(put: Callable[[Any, Callable[[Any], None]], None], strayed: list[str]) -> None:
    """Have *put* exchange each finaliser for one that notes in *strayed* what ended elsewhere."""
    for kind in FINALISED:
        put(kind, _watched(kind, kind.__del__, strayed))


def _watched(kind: Any, really: Any, strayed: list[str]) -> Callable[[Any], None]:
    def finalise(self: Any) -> None:
        if threading.current_thread() is threading.main_thread():
            really(self)
        else:  # calling into Tk from here may never come back
            strayed.append(f"{kind.__name__} on {threading.current_thread().name}")

    return finalise
