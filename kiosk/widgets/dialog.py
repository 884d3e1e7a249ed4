"""Dialog: a yes-or-no question over the dimmed page."""

from __future__ import annotations

import logging
import os
import tkinter
from collections.abc import Callable
from typing import Any

from PIL import Image, ImageDraw, ImageGrab, ImageTk

from kiosk.layout import Column, Reflow, Space
from kiosk.widgets import theme
from kiosk.widgets.buttons import Button
from kiosk.widgets.focus import Control
from kiosk.widgets.labels import Label
from kiosk.widgets.status_line import Pane

WIDTH = 640
"""At a text size of 100 %; more at larger ones. On a display in portrait, all there is."""
LINE_NAME = 360
"""What a name may take of the two lines below the question."""

_PAD = 45
_BUTTON = 96
_DIM = 0.36
_WIDEST = 1000

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
            title: The question.
            line: What follows from a yes.
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
        self._root, self._scale, self._fonts = root, scale, fonts
        self._photo: Any = None
        self.cover = tkinter.Frame(root, bg=theme.SCRIM)
        self._backdrop = tkinter.Label(self.cover, bg=theme.SCRIM, borderwidth=0)
        self._backdrop.place(x=0, y=0, relwidth=1, relheight=1)
        self._pane = Pane(self.cover, ground=theme.SURFACE)
        self._pane.configure(border_width=0, corner_radius=0)
        short = fonts.extent(title, fonts(theme.TITLE, "bold"))[0] <= WIDTH - 2 * _PAD
        large = theme.TITLE if short else theme.HEADING
        self.title = Label(self._pane, title, fonts(large, "bold"))
        small = theme.FIELD if self._upright else theme.BODY
        self.line = Label(self._pane, line, fonts(small), colour=theme.MUTED)
        self.yes = self._button(yes, on_yes, fonts, "danger" if danger else "primary")
        self.no = self._button(no, on_no, fonts, "secondary")
        self.layout = Column(
            self.title, self.line, Space(size=8), Reflow(self.yes, self.no), gap=16
        )
        wide, high = self._measures()
        self._dim(root, scale, wide, high)
        self._lay(wide, high)
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

    def plain(self, scale: float) -> None:
        """Lay the question out anew, on a plain ground: the window's or the text's size changed."""
        self._shot = None
        self._backdrop.configure(image="")
        self._scale = scale
        self._lay(*self._measures())

    def _measures(self) -> tuple[int, int]:
        """Return width and height of the pane, in drawn pixels."""
        room = int(self._root.winfo_width() / self._scale) - 2 * theme.NARROW_MARGIN
        wide = room if self._upright else min(room, round(WIDTH * self._fonts.step), _WIDEST)
        return wide, self.layout.heights(wide - 2 * _PAD)[1] + 2 * _PAD

    @property
    def _upright(self) -> bool:
        return self._root.winfo_height() > self._root.winfo_width()

    def _lay(self, wide: int, high: int) -> None:
        # The rounded pane is part of the backdrop: only its middle is a widget.
        inset = theme.PANE_CORNER
        across, down = self._root.winfo_width(), self._root.winfo_height()
        left, top = across / self._scale - wide, down / self._scale - high
        self._pane.arrange(
            int(left / 2) + inset, int(top / 2) + inset, wide - 2 * inset, high - 2 * inset
        )
        side = _PAD - inset
        self.layout.arrange(side, side, wide - 2 * _PAD, high - 2 * _PAD)

    def _button(
        self, text: str, command: Callable[[], object], fonts: theme.Fonts, look: str
    ) -> Button:
        return Button(
            self._pane, text, command, fonts, look=look, high=_BUTTON, ground=theme.SURFACE, grow=1
        )

    def _dim(self, root: tkinter.Tk, scale: float, wide: int, high: int) -> None:
        """Show the page, darkened, behind the question; plain where it cannot be read back."""
        try:
            self._shot = self._shot or _shot(root)
            picture = _backdrop(self._shot, scale, wide, high)
            self._photo = ImageTk.PhotoImage(picture, master=root)
            self._backdrop.configure(image=self._photo)
        except Exception as error:
            _log.info("The page cannot be dimmed: %s", error)


def named(fonts: theme.Fonts, question: str, name: str) -> str:
    """Return *question* with *name* in the place of {name}, cut to what one line has room for."""
    font = fonts(theme.HEADING, "bold")
    room = WIDTH - 2 * _PAD - fonts.extent(question.format(name=""), font)[0]
    return question.format(name=fonts.fit(name, font, max(room, LINE_NAME // 2)))


def _shot(root: tkinter.Tk) -> Any:
    """Return the window's picture."""
    root.update_idletasks()
    root.winfo_pointerxy()  # a round trip: the display has drawn what it was told
    left, top = root.winfo_rootx(), root.winfo_rooty()
    box = (left, top, left + root.winfo_width(), top + root.winfo_height())
    return ImageGrab.grab(box, xdisplay=os.environ.get("DISPLAY", "")).convert("RGB")


def _backdrop(shot: Any, scale: float, wide: int, high: int) -> Any:
    """Return *shot*, darkened, with the rounded white pane, *wide* and *high*, on it."""
    ink = Image.new("RGB", shot.size, theme.SHADE)
    dimmed = Image.blend(ink, shot, _DIM)
    fine = 4
    pane = (round(wide * scale), round(high * scale))
    mask = Image.new("L", (pane[0] * fine, pane[1] * fine), 0)
    ImageDraw.Draw(mask).rounded_rectangle(
        (0, 0, pane[0] * fine - 1, pane[1] * fine - 1), theme.PANE_CORNER * scale * fine, fill=255
    )
    spot = ((shot.width - pane[0]) // 2, (shot.height - pane[1]) // 2)
    dimmed.paste(
        Image.new("RGB", pane, theme.SURFACE), spot, mask.resize(pane, Image.Resampling.BOX)
    )
    return dimmed
