"""A question over a dimmed page, answered with Yes or No."""

from __future__ import annotations

import logging
import os
import tkinter
from collections.abc import Callable
from typing import Any

import customtkinter

from kiosk import theme
from kiosk.focus import Control
from kiosk.widgets import Button, Label, at

WIDTH, HEIGHT = 640, 322

_PAD = 45
_BUTTON = 96
_DIM = 0.36

_log = logging.getLogger(__name__)


class Dialog:
    """Covers the whole window until it is answered."""

    def __init__(
        self,
        root: tkinter.Tk,
        fonts: theme.Fonts,
        scale: float,
        *,
        title: str,
        line: str,
        yes: str,
        no: str,
        on_yes: Callable[[], object],
        on_no: Callable[[], object],
    ) -> None:
        """Show the question; the focus goes to the button that changes nothing."""
        self._on_no = on_no
        self._photo: Any = None
        self.cover = tkinter.Frame(root, bg=theme.SCRIM)
        self._backdrop = tkinter.Label(self.cover, bg=theme.SCRIM, borderwidth=0)
        self._backdrop.place(x=0, y=0, relwidth=1, relheight=1)
        self._dim(root, scale)
        self._pane = customtkinter.CTkFrame(
            self.cover,
            width=WIDTH,
            height=HEIGHT,
            corner_radius=0 if self._photo else theme.PANE_CORNER,
            fg_color=theme.SURFACE,
            bg_color=theme.SURFACE if self._photo else theme.SCRIM,
        )
        # Where the rounded pane is part of the backdrop, only its middle is a widget.
        inset = theme.PANE_CORNER if self._photo else 0
        if inset:
            self._pane.configure(width=WIDTH - 2 * inset, height=HEIGHT - 2 * inset)
        self._pane.place(relx=0.5, rely=0.5, anchor="center")
        inner = WIDTH - 2 * _PAD
        self.title = Label(self._pane, title, fonts(theme.TITLE, "bold"), width=inner, height=60)
        self.line = Label(
            self._pane, line, fonts(theme.BODY), colour=theme.MUTED, width=inner, height=34
        )
        at(self.title, _PAD - inset, 40 - inset)
        at(self.line, _PAD - inset, 112 - inset)
        width = (inner - 16) // 2
        self.yes = self._button(yes, on_yes, fonts, "primary", width)
        self.no = self._button(no, on_no, fonts, "secondary", width)
        at(self.yes, _PAD - inset, 181 - inset)
        at(self.no, _PAD - inset + inner - width, 181 - inset)
        self.controls: list[Control] = [self.yes, self.no]
        self.cover.place(x=0, y=0, relwidth=1, relheight=1)
        self.cover.lift()
        root.update_idletasks()
        self.no.take_focus()

    def cancel(self) -> None:
        """Answer No, as Escape does."""
        self._on_no()

    def close(self) -> None:
        """Take the question away."""
        if self.cover.winfo_exists():
            self.cover.destroy()
        self._photo = None  # a picture of the page: it ends here, on the Tk thread

    def plain(self) -> None:
        """Give up the dimmed page, whose size has changed."""
        self._backdrop.configure(image="")

    def _button(
        self,
        text: str,
        command: Callable[[], object],
        fonts: theme.Fonts,
        look: str,
        width: int,
    ) -> Button:
        return Button(
            self._pane, text, command, fonts, look=look, width=width, height=_BUTTON,
            ground=theme.SURFACE,
        )  # fmt: skip

    def _dim(self, root: tkinter.Tk, scale: float) -> None:
        """Show the page, darkened, behind the question; plain where it cannot be read back."""
        try:
            picture = _backdrop(root, scale)
            from PIL import ImageTk

            self._photo = ImageTk.PhotoImage(picture, master=root)
            self._backdrop.configure(image=self._photo)
        except Exception as error:
            _log.info("The page cannot be dimmed: %s", error)


def _backdrop(root: tkinter.Tk, scale: float) -> Any:
    """Return the window's picture, darkened, with the rounded white pane on it."""
    from PIL import Image, ImageDraw, ImageGrab

    root.update_idletasks()
    root.winfo_pointerxy()  # a round trip: the display has drawn what it was told
    left, top = root.winfo_rootx(), root.winfo_rooty()
    width, height = root.winfo_width(), root.winfo_height()
    shot = ImageGrab.grab(
        (left, top, left + width, top + height), xdisplay=os.environ.get("DISPLAY", "")
    ).convert("RGB")
    ink = Image.new("RGB", shot.size, theme.INK)
    dimmed = Image.blend(ink, shot, _DIM)
    fine = 4
    pane = (round(WIDTH * scale), round(HEIGHT * scale))
    mask = Image.new("L", (pane[0] * fine, pane[1] * fine), 0)
    ImageDraw.Draw(mask).rounded_rectangle(
        (0, 0, pane[0] * fine - 1, pane[1] * fine - 1), theme.PANE_CORNER * scale * fine, fill=255
    )
    spot = ((width - pane[0]) // 2, (height - pane[1]) // 2)
    dimmed.paste(
        Image.new("RGB", pane, theme.SURFACE), spot, mask.resize(pane, Image.Resampling.BOX)
    )
    return dimmed
