"""Label: text on a plain ground, whose lines break where its room ends."""

from __future__ import annotations

from typing import Any

import customtkinter

from kiosk.layout import Heights
from kiosk.widgets import theme
from kiosk.widgets.fitted import Fitted, fonts_of


class Label(Fitted, customtkinter.CTkLabel):  # type: ignore[misc]
    """Text on a plain ground; its lines break where its room ends."""

    least = 120
    """What is left of a text that is cut, at least."""

    whole = False
    """Whether a text that may be cut is left out where it has not all the room that it needs."""

    def __init__(
        self,
        master: Any,
        text: str,
        font: Any,
        *,
        colour: str | None = None,
        anchor: str = "w",
        cut: bool = False,
        ground: str = "transparent",
        grow: int = 0,
        **options: Any,
    ) -> None:
        """Make a label.

        Args:
            master: The page, or a pane on it.
            text: Its words.
            font: One of the window's `Fonts`.
            colour: Of the words; by default ink.
            anchor: Where the words stand in their room.
            cut: Whether one line is cut with an ellipsis where it has no room, as a name is.
            ground: What it stands on.
            grow: As of every part.
            options: Of a `CTkLabel`.
        """
        self.grow, self._cut, self._words = grow, cut, text
        justify = {"w": "left", "nw": "left", "e": "right", "center": "center"}[anchor]
        super().__init__(
            master,
            text=text,
            height=0,
            font=font,
            text_color=colour or theme.INK,
            fg_color=ground,
            corner_radius=0,
            anchor=anchor,
            justify=justify,
            **options,
        )

    @property
    def words(self) -> str:
        """The whole text, of which less is shown where it is cut."""
        return self._words

    def say(self, text: str) -> None:
        """Show other words."""
        if text != self._words:
            self._words = text
            self.configure(text=text)
            self.changed()
            if self._cut:
                self.fill(*self._given)

    def least_width(self) -> int:
        """Return the longest word's width, or little where the text may be cut."""
        fonts = fonts_of(self)
        word = fonts.longest_word(self._words, self._font) + self._beside()
        return min(word, self.least) if self._cut else word

    def wanted_width(self) -> int:
        """Return the width of the text on one line."""
        return fonts_of(self).extent(self._words, self._font)[0] + self._beside() + 1

    def heights(self, width: int) -> Heights:
        """Return the height of its lines."""
        room = 0 if self._cut else max(1, width - self._beside())
        high = fonts_of(self).extent(self._words, self._font, room)[1]
        return (high + 2, high + 4) if self._words else (0, 0)

    def fill(self, width: int, height: int) -> None:
        """Break or cut the text."""
        room = width - self._beside()
        if self._cut:
            words = fonts_of(self).fit(self._words, self._font, room)
            self.configure(text="" if self.whole and words != self._words else words)
        else:
            self.configure(wraplength=max(1, room))

    def _beside(self) -> int:
        """Return the width of the image beside the words."""
        image = self._image
        return int(image.cget("size")[0]) if image else 0
