"""Widget with the live camera picture. A frame that stands still is never shown as live."""

from __future__ import annotations

import time
import tkinter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import customtkinter
from PIL import Image

from kiosk.camera_pane.marks import SIGNS, Marks, Ring
from kiosk.images import shared_image
from kiosk.layout import Heights
from kiosk.widgets import theme
from kiosk.widgets.fitted import Fitted

if TYPE_CHECKING:
    from face_auth.types import Frame

_drawing: Any = None  # `picture`, and OpenCV with it, once a worker has loaded them

_LEAST, _WANTED = (320, 240), 412
_STEEPEST, _FLATTEST = 0.88, 1.41
"""Width over height of the pane, between which a picture of 4 to 3 leaves no bars beside it."""
_WIDE, _BETWEEN, _ABOVE = 0.9, 0.04, 0.42
"""Of the words in an empty pane: their share of it, the gap between them, the room above."""
LOOK_MS = 10
"""How often the view asks for a new frame; asking never blocks."""
LEAST_S = 0.038
"""Least time between two pictures: 25 a second."""


def load_tools() -> None:
    """Import what draws the pane; on a worker, since OpenCV takes a while."""
    global _drawing
    from kiosk.camera_pane import picture

    _drawing = picture


class CameraView(Fitted, customtkinter.CTkFrame):  # type: ignore[misc]
    """Shows the newest frame, mirrored, in an oval, or a sentence where there is none."""

    def __init__(
        self,
        master: Any,
        fonts: theme.Fonts,
        latest: Callable[[], Frame | None],
        *,
        on_frame: Callable[[Frame | None], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make the pane.

        Args:
            master: The page.
            fonts: For the words shown where there is no picture.
            latest: Returns the newest frame, or None where there is none; must not block.
            on_frame: Called with each new frame, and with None when they cease.
            clock: In seconds.
        """
        super().__init__(master, corner_radius=theme.PANE_CORNER, fg_color=theme.PANE)
        self._drawn_size = _LEAST
        self._fonts = fonts
        self._latest = latest
        self._on_frame = on_frame
        self._clock = clock
        self._marks = Marks()
        self._shown_index: int | None = None
        self._shown_at = 0.0
        self._photo: Any = None
        self._words = ("", "")
        self.live = False
        self.pictures = 0
        self._sheet = tkinter.Canvas(self, highlightthickness=0, borderwidth=0, bg=theme.PANE)
        self._image = self._sheet.create_image(0, 0, anchor="nw")
        white = theme.RING_WHITE
        self._title = self._sheet.create_text(0, 0, fill=white, justify="center", anchor="n")
        self._line = self._sheet.create_text(0, 0, fill=white, justify="center", anchor="n")
        self._timer: str | None = self.after(1, self._look)

    grow = 1

    def least_width(self) -> int:
        """Return the width at which a face can still be placed."""
        return _LEAST[0]

    def heights(self, width: int) -> Heights:
        """Return the height at which a face can still be placed, and four thirds of it."""
        return _LEAST[1], max(_LEAST[1], min(width * 3 // 4, _WANTED))

    def most_height(self, width: int) -> int:
        """Return the height beyond which a picture has bars above and below."""
        return round(width / _STEEPEST)

    def arrange(self, x: int, y: int, width: int, height: int) -> None:
        """Take the middle of that place: as much as a camera's picture covers around the oval."""
        wide = min(width, round(height * _FLATTEST))
        high = min(height, round(width / _STEEPEST))
        super().arrange(x + (width - wide) // 2, y + (height - high) // 2, wide, high)

    def fill(self, width: int, height: int) -> None:
        """Draw pictures of that size from now on."""
        if (width, height) != self._drawn_size:
            self._drawn_size = (width, height)
            if not self.live and self._photo is not None:
                self._go_dark()

    def mark(self, marks: Marks) -> None:
        """Draw *marks* over the pictures from now on."""
        if marks != self._marks:
            self._marks = marks
            self._shown_at = 0.0
            if self.live:
                self._show(self._latest(), again=True)

    def preparation(self, ring: Ring, wanted: int) -> Callable[[], None]:
        """Return work for a worker, after which the marks of a whole attempt are at hand.

        Args:
            ring: The ring that fills; the signs come with it.
            wanted: In how many parts.
        """
        width, height, scale = self._pixels()

        def prepare() -> None:
            if _drawing is None:
                load_tools()
            parts = [Marks(ring, done, wanted) for done in range(wanted + 1)]
            signs = [Marks(ring, 0, wanted, sign) for sign in SIGNS]
            _drawing.prepare(width, height, [*parts, *signs, Marks(Ring.REFUSED)], scale)

        return prepare

    def words(self, title: str, line: str) -> None:
        """Set the two lines that are shown while there is no picture."""
        if (title, line) != self._words:
            self._words = (title, line)
            if not self.live:
                self._write()

    def freeze(self) -> None:
        """Stop looking and show nothing, so that no old picture passes for live."""
        self.stop()
        self._go_dark()

    def stop(self) -> None:
        """Stop looking; call it before the pane is destroyed."""
        if self._timer is not None:
            self.after_cancel(self._timer)
            self._timer = None

    def resume(self) -> None:
        """Look again after `freeze`."""
        if self._timer is None:
            self._timer = self.after(1, self._look)

    def destroy(self) -> None:
        """Stop, wipe the picture that the next pane takes over, and destroy the widget."""
        self.freeze()
        super().destroy()

    def _look(self) -> None:
        self._timer = self.after(LOOK_MS, self._look)
        if _drawing is None:
            return
        now = self._clock()
        frame = self._latest()
        if frame is None:
            if self.live or self._photo is None:
                self._go_dark()
                self._on_frame(None)
            return
        if frame.index != self._shown_index and now - self._shown_at >= LEAST_S:
            self._shown_at = now
            self._show(frame)
            self._on_frame(frame)

    def _show(self, frame: Frame | None, again: bool = False) -> None:
        if frame is None or (frame.index == self._shown_index and not again):
            return
        width, height, scale = self._pixels()
        picture = _drawing.compose(frame.image, width, height, self._marks, scale)
        self._paste(Image.fromarray(picture))
        self._shown_index = frame.index
        self.pictures += 1
        if not self.live:
            self.live = True
            self._sheet.itemconfigure(self._title, text="")
            self._sheet.itemconfigure(self._line, text="")

    def _go_dark(self) -> None:
        self.live = False
        self._shown_index = None
        if _drawing is None:
            return
        self._paste(Image.fromarray(_drawing.empty(*self._pixels())))
        self._write()

    def _write(self) -> None:
        """Write the two lines, set smaller where the pane has no room for the size of text."""
        width, height, scale = self._pixels()
        sheet, lines, gap = self._sheet, (self._title, self._line), round(_BETWEEN * height)
        for most in reversed(theme.TEXT_STEPS):
            high = []
            for item, text, size, weight in zip(
                lines, self._words, (theme.FIELD, theme.BODY), ("semibold", "regular"), strict=True
            ):
                font = self._fonts(size, weight, most=most).create_scaled_tuple(scale)
                sheet.itemconfigure(item, text=text, font=font, width=round(width * _WIDE))
                _left, top, _right, bottom = sheet.bbox(item) or (0, 0, 0, 0)
                high.append(bottom - top)
            if sum(high) + gap <= _WIDE * height:
                break
        above = (height - sum(high) - gap) * _ABOVE
        sheet.coords(self._title, width / 2, above)
        sheet.coords(self._line, width / 2, above + high[0] + gap)

    def _paste(self, picture: Any) -> None:
        if self._photo is None:
            self._sheet.place(x=0, y=0, relwidth=1, relheight=1)
        if self._photo is None or (self._photo.width(), self._photo.height()) != picture.size:
            self._photo = shared_image(("pane", picture.size), lambda: picture)
            self._sheet.itemconfigure(self._image, image=self._photo)
        self._photo.paste(picture)

    def _pixels(self) -> tuple[int, int, float]:
        scale = float(self._get_widget_scaling())
        return round(self._drawn_size[0] * scale), round(self._drawn_size[1] * scale), scale
