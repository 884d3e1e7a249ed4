"""Dialog: a yes-or-no question over the dimmed page."""

from __future__ import annotations

import logging
import os
import tkinter
from collections.abc import Callable
from typing import Any

import customtkinter
from PIL import Image, ImageDraw, ImageGrab, ImageTk

from kiosk.widgets import theme
from kiosk.widgets.buttons import Button, Label, at
from kiosk.widgets.focus import Control
from kiosk.widgets.top_bar import fit, measure

WIDTH = 640
LINE_NAME = 360
"""What a name may take of the two lines below the question."""

_PAD = 45
_INNER = WIDTH - 2 * _PAD
_LINE = 34
_BUTTON = 96
_DIM = 0.36

_log = logging.getLogger(__name__)


class Dialog:
    """A question that covers the whole window until it is answered."""

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
        danger: bool = False,
        safe: str = "no",
        before: Dialog | None = None,
    ) -> None:
        """Show the question.

        Args:
            root: The window.
            fonts: Of the display.
            scale: How many pixels a drawn pixel has.
            title: The question, one line.
            line: What follows from a yes, at most two lines.
            yes: The word of the button at the left.
            no: The word of the button at the right.
            on_yes: Called when it is answered with yes.
            on_no: Called when it is answered with no.
            danger: Whether a yes destroys something: its button is red then.
            safe: Which answer does no harm, "yes" or "no"; it has the focus, and Escape gives it.
            before: The question in whose place this one comes: behind it is the same page.
        """
        self._shot: Any = before._shot if before is not None else None
        self._on_safe = on_yes if safe == "yes" else on_no
        large = measure(root, title, fonts(theme.TITLE, "bold")) <= _INNER
        title_font = fonts(theme.TITLE if large else theme.HEADING, "bold")
        lines = 1 if measure(root, line, fonts(theme.BODY)) <= _INNER else 2
        self._height = 288 + lines * _LINE
        self._photo: Any = None
        self.cover = tkinter.Frame(root, bg=theme.SCRIM)
        self._backdrop = tkinter.Label(self.cover, bg=theme.SCRIM, borderwidth=0)
        self._backdrop.place(x=0, y=0, relwidth=1, relheight=1)
        self._dim(root, scale)
        self._pane = customtkinter.CTkFrame(
            self.cover,
            width=WIDTH,
            height=self._height,
            corner_radius=0 if self._photo else theme.PANE_CORNER,
            fg_color=theme.SURFACE,
            bg_color=theme.SURFACE if self._photo else theme.SCRIM,
        )
        # Where the rounded pane is part of the backdrop, only its middle is a widget.
        inset = theme.PANE_CORNER if self._photo else 0
        if inset:
            self._pane.configure(width=WIDTH - 2 * inset, height=self._height - 2 * inset)
        self._pane.place(relx=0.5, rely=0.5, anchor="center")
        self.title = Label(self._pane, title, title_font, width=_INNER, height=60)
        self.line = Label(
            self._pane, line, fonts(theme.BODY), colour=theme.MUTED, width=_INNER,
            height=lines * _LINE, wrap=lines > 1,
        )  # fmt: skip
        at(self.title, _PAD - inset, 40 - inset)
        at(self.line, _PAD - inset, 112 - inset)
        width = (_INNER - 16) // 2
        self.yes = self._button(yes, on_yes, fonts, "danger" if danger else "primary", width)
        self.no = self._button(no, on_no, fonts, "secondary", width)
        y = self._height - _PAD - _BUTTON - inset
        at(self.yes, _PAD - inset, y)
        at(self.no, _PAD - inset + _INNER - width, y)
        self.controls: list[Control] = [self.yes, self.no]
        self.cover.place(x=0, y=0, relwidth=1, relheight=1)
        self.cover.lift()
        root.update_idletasks()
        (self.yes if safe == "yes" else self.no).take_focus()

    def cancel(self) -> None:
        """Give the answer that does no harm, as Escape does."""
        self._on_safe()

    def close(self) -> None:
        """Close the dialog."""
        if self.cover.winfo_exists():
            self.cover.destroy()
        self._photo = None  # a picture of the page: it ends here, on the Tk thread

    def plain(self) -> None:
        """Drop the dimmed page behind the dialog: its size has changed."""
        self._shot = None
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
            self._shot = self._shot or _shot(root)
            picture = _backdrop(self._shot, scale, self._height)
            self._photo = ImageTk.PhotoImage(picture, master=root)
            self._backdrop.configure(image=self._photo)
        except Exception as error:
            _log.info("The page cannot be dimmed: %s", error)


def named(root: tkinter.Misc, fonts: theme.Fonts, question: str, name: str) -> str:
    """Return *question* with *name* in the place of {name}, cut to what a title has room for."""
    font = fonts(theme.HEADING, "bold")
    room = _INNER - measure(root, question.format(name=""), font)
    return question.format(name=fit(root, name, font, room))


def _shot(root: tkinter.Tk) -> Any:
    """Return the window's picture."""
    root.update_idletasks()
    root.winfo_pointerxy()  # a round trip: the display has drawn what it was told
    left, top = root.winfo_rootx(), root.winfo_rooty()
    box = (left, top, left + root.winfo_width(), top + root.winfo_height())
    return ImageGrab.grab(box, xdisplay=os.environ.get("DISPLAY", "")).convert("RGB")


def _backdrop(shot: Any, scale: float, height: int) -> Any:
    """Return *shot*, darkened, with the rounded white pane, *height* high, on it."""
    ink = Image.new("RGB", shot.size, theme.SHADE)
    dimmed = Image.blend(ink, shot, _DIM)
    fine = 4
    pane = (round(WIDTH * scale), round(height * scale))
    mask = Image.new("L", (pane[0] * fine, pane[1] * fine), 0)
    ImageDraw.Draw(mask).rounded_rectangle(
        (0, 0, pane[0] * fine - 1, pane[1] * fine - 1), theme.PANE_CORNER * scale * fine, fill=255
    )
    spot = ((shot.width - pane[0]) // 2, (shot.height - pane[1]) // 2)
    dimmed.paste(
        Image.new("RGB", pane, theme.SURFACE), spot, mask.resize(pane, Image.Resampling.BOX)
    )
    return dimmed
