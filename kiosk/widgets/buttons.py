"""Buttons and tiles, and what everything that can be pressed has in common."""

from __future__ import annotations

import tkinter
from collections.abc import Callable, Sequence
from typing import Any

from kiosk.layout import Column, Heights, Space
from kiosk.widgets import theme
from kiosk.widgets.fitted import Fitted
from kiosk.widgets.focus import Control
from kiosk.widgets.labels import Label
from kiosk.widgets.surface import BORDER, RoundFrame, Shape, darker, look_of


class Pressable(Control):
    """A control that does something when it is touched."""

    command: Callable[[], object] | None

    def init_press(self, surfaces: Sequence[Any]) -> None:
        """Listen to touches of *surfaces*, the parts that the control is drawn with."""
        self._held = False
        for part in surfaces:
            part.bind("<ButtonPress-1>", self._down, add="+")
            part.bind("<ButtonRelease-1>", self._up, add="+")

    def press(self) -> None:
        """Do what the control is for, if it is enabled."""
        if self.enabled and self.command is not None:
            self.command()

    def pressed_by_key(self) -> bool:
        """Act on Enter or Space."""
        self.press()
        return True

    def show_down(self, down: bool) -> None:
        """Show whether a finger is on the control."""
        raise NotImplementedError

    def _down(self, _event: object) -> None:
        if self.enabled:
            self._held = True
            self.show_down(True)

    def _up(self, event: Any) -> None:
        if not self._held:
            return
        self._held = False
        self.show_down(False)
        left, top = self.winfo_rootx(), self.winfo_rooty()  # type: ignore[attr-defined]
        right = left + self.winfo_width()  # type: ignore[attr-defined]
        bottom = top + self.winfo_height()  # type: ignore[attr-defined]
        if left <= event.x_root < right and top <= event.y_root < bottom:
            self.press()


class Button(Fitted, Pressable, tkinter.Label):
    """A button with a few words: one Tk label over the picture of its surface.

    A `CTkButton` is three widgets and takes 3 ms to make, and a page may have forty of them.
    """

    side = 20
    """Between its words and its edge, at the left and right."""

    def __init__(
        self,
        master: Any,
        text: str,
        command: Callable[[], object] | None,
        fonts: theme.Fonts,
        *,
        look: str = "secondary",
        high: int = theme.TOUCH,
        size: int = theme.FIELD,
        corner: int = theme.BUTTON_CORNER,
        ground: str | None = None,
        busy_when_disabled: bool = False,
        grow: int = 0,
        most: float = theme.TEXT_STEPS[-1],
    ) -> None:
        """Make a button.

        Args:
            master: The page, or a pane on it.
            text: Its words.
            command: What a press does.
            fonts: Of the window.
            look: One of the looks of `look_of`.
            high: The least height.
            size: Of the words.
            corner: Radius of its corners.
            ground: The colour that it stands on.
            busy_when_disabled: Whether it looks busy, not faded, while it is disabled.
            grow: As of every part.
            most: The text size beyond which the words do not grow.
        """
        self.command = command
        self.grow, self._high, self._corner = grow, high, corner
        self.ground = self._under = ground or theme.PAPER
        self._look, self.look = look, look_of(look)
        self._idle_look = look_of("busy" if busy_when_disabled else "faded")
        self._pressed = False
        self._fonts, self._font = fonts, fonts(size, "semibold", most=most)
        tkinter.Label.__init__(
            self, master, text=text, compound="center", borderwidth=0, highlightthickness=0,
            padx=0, pady=0, takefocus=1,
        )  # fmt: skip
        self.init_control(self)
        self.init_press([self])

    @property
    def words(self) -> str:
        """What is written on it."""
        return str(self.cget("text"))

    @property
    def chosen(self) -> bool:
        """Whether it is the one that is chosen among several."""
        return self._look == "chosen"

    def wear(self, look: str) -> None:
        """Change to another look."""
        self._look, self.look = look, look_of(look)
        self._paint()

    def enable(self, enabled: bool) -> None:
        """Let the button be pressed, or fade it."""
        if enabled != self.enabled:
            self.enabled = enabled
            if not enabled:
                self.give_up_focus()
            self._paint()

    def show_down(self, down: bool) -> None:
        """Darken the button under a finger."""
        if self.winfo_exists():
            self._pressed = down
            self._paint()

    def stand_on(self, colour: str) -> None:
        """Paint the ground that shows in its corners."""
        self._under = colour
        self._paint()

    def say(self, text: str) -> None:
        """Show other words."""
        if text != self.words:
            self.configure(text=text)
            self.changed()

    def least_width(self) -> int:
        """Return the width of the longest word and the margins."""
        return max(
            theme.TOUCH, self._fonts.longest_word(self.words, self._font) + 2 * self.side + 6
        )

    def wanted_width(self) -> int:
        """Return the width of the words on one line and the margins."""
        return max(theme.TOUCH, self._fonts.extent(self.words, self._font)[0] + 3 * self.side)

    def heights(self, width: int) -> Heights:
        """Return the height of the words and the margins."""
        room = max(1, width - 2 * self.side - 4)
        lines = self._fonts.extent(self.words, self._font, room)[1]
        return max(theme.TOUCH, lines + 20), max(self._high, lines + 20)

    def arrange(self, x: int, y: int, width: int, height: int) -> None:
        """Take that place in the master, in drawn pixels, and break the words."""
        scale = self._fonts.scale
        left, top = round(x * scale), round(y * scale)
        self._given = (width, height)
        self._pixels = round((x + width) * scale) - left, round((y + height) * scale) - top
        self.configure(
            font=self._font.create_scaled_tuple(scale),
            wraplength=max(1, round((width - 2 * self.side - 2) * scale)),
        )
        self._paint()
        self.place(x=left, y=top, width=self._pixels[0], height=self._pixels[1])

    def _paint(self) -> None:
        if not self._given[0]:
            return
        look = self.look if self.enabled else self._idle_look
        fill = darker(look.fill) if self._pressed else look.fill
        scale = self._fonts.scale
        shape = Shape(
            *self._pixels, round(self._corner * scale), fill, look.border,
            round(BORDER * scale), self._under,
        )  # fmt: skip
        self.configure(image=shape.image, foreground=look.text, background=fill)


class Tile(Fitted, Pressable, RoundFrame):
    """A large button with a title and a line below it."""

    def __init__(
        self,
        master: Any,
        title: str,
        line: str,
        command: Callable[[], object] | None,
        fonts: theme.Fonts,
        *,
        look: str,
        high: int = 96,
        size: int = theme.HEADING,
        centred: bool = True,
        ground: str | None = None,
        grow: int = 0,
    ) -> None:
        """Make a tile.

        Args:
            master: The page.
            title: Its name.
            line: What it leads to.
            command: What a press does.
            fonts: Of the window.
            look: One of the looks of `look_of`.
            high: The height that looks best.
            size: Of the title.
            centred: Whether the words stand in the middle, not at the left.
            ground: The colour that it stands on.
            grow: As of every part.
        """
        self.command = command
        self.ground = ground = ground or theme.PAPER
        self.look = look_of(look)
        self.grow, self._high, self._centred = grow, high, centred
        RoundFrame.__init__(
            self,
            master,
            height=high,
            corner_radius=theme.BUTTON_CORNER,
            border_width=BORDER,
            border_color=self.look.border,
            fg_color=self.look.fill,
            bg_color=ground,
        )
        anchor = "center" if centred else "w"
        self._muted = self.look.text if look == "primary" else theme.MUTED
        self.title = Label(
            self, title, fonts(size, "semibold" if centred else "bold"), colour=self.look.text,
            anchor=anchor,
        )  # fmt: skip
        self.line = Label(
            self, line, fonts(theme.BODY, "medium" if centred else "regular"), colour=self._muted,
            anchor=anchor,
        )  # fmt: skip
        self._inner = Column(Space(grow=1), self.title, self.line, Space(grow=1), gap=2)
        self.init_control(self)
        self.init_press([self, self.title, self.line])
        tkinter.Frame.configure(self, takefocus=1)

    def least_width(self) -> int:
        """Return the width of the longest word and the margins."""
        return self._inner.least_width() + 2 * self._side

    def wanted_width(self) -> int:
        """Return the width of the longer line and the margins."""
        return self._inner.wanted_width() + 2 * self._side

    def heights(self, width: int) -> Heights:
        """Return the height of the words and the margins."""
        lines = self._inner.heights(width - 2 * self._side)[1]
        return max(theme.TOUCH, lines + 12), max(self._high, lines + 32)

    def fill(self, width: int, height: int) -> None:
        """Place the words."""
        self._inner.arrange(self._side, 6, width - 2 * self._side, height - 12)

    @property
    def _side(self) -> int:
        return 16 if self._centred else 24

    def enable(self, enabled: bool) -> None:
        """Let the tile be pressed, or fade it."""
        if enabled == self.enabled:
            return
        self.enabled = enabled
        if not enabled:
            self.give_up_focus()
        look = self.look if enabled else look_of("faded")
        self.configure(fg_color=look.fill, border_color=look.border)
        self.title.configure(text_color=look.text)
        self.line.configure(text_color=self._muted if enabled else look.text)

    def show_down(self, down: bool) -> None:
        """Darken the tile under a finger."""
        if self.winfo_exists():
            fill = darker(self.look.fill) if down else self.look.fill
            self.configure(fg_color=fill)
