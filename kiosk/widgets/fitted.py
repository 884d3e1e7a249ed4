"""Base class of widgets that a page lays out; see `kiosk.layout`."""

from __future__ import annotations

from typing import Any

from kiosk.layout import Heights
from kiosk.widgets import theme


class Fitted:
    """Mix-in of a widget that knows the room it needs and takes the room it is given.

    Subclasses say what they need in `least_width`, `wanted_width` and `heights`, and may place what
    is in them in `fill`.
    """

    grow = 0
    shown = True
    _given = (0, 0)

    def least_width(self) -> int:
        """Return the width below which something is cut."""
        raise NotImplementedError

    def wanted_width(self) -> int:
        """Return the width that looks best."""
        return self.least_width()

    def heights(self, width: int) -> Heights:
        """Return the least and the wanted height at *width*."""
        raise NotImplementedError

    def most_height(self, width: int) -> int:
        """Return the height beyond which it has no use for more; 0 for none."""
        return 0

    def fill(self, width: int, height: int) -> None:
        """Place what is in the widget, which has that size now."""

    def arrange(self, x: int, y: int, width: int, height: int) -> None:
        """Take that place in the master."""
        widget: Any = self
        if not self._given[0]:
            widget.grid_propagate(False)  # else what is in it makes it larger
        if (width, height) != self._given:
            self._given = (width, height)
            widget._current_width, widget._current_height = width, height  # else drawn twice
            widget._set_dimensions(width=width, height=height)
        self.fill(width, height)
        widget.place(x=x, y=y)

    def hide(self) -> None:
        """Leave the page until the next `arrange`."""
        widget: Any = self
        widget.place_forget()

    def _draw(self, no_color_updates: bool = False) -> None:
        """Draw what customtkinter draws, but not before the widget has its size."""
        if self._given[0]:
            super()._draw(no_color_updates)  # type: ignore[misc]

    def changed(self) -> None:
        """Have the page laid out again, if what is shown now has no room where it stands."""
        wide, high = self._given
        if wide and (self.least_width() > wide or self.heights(wide)[0] > high):
            lay_again(self)


class Fixed(Fitted):
    """Mix-in of a widget of one size, which stands in the middle of its place."""

    measures = (0, 0)

    def least_width(self) -> int:
        """Return its width."""
        return self.measures[0]

    def heights(self, width: int) -> Heights:
        """Return its height."""
        return self.measures[1], self.measures[1]

    def arrange(self, x: int, y: int, width: int, height: int) -> None:
        """Stand in the middle."""
        widget: Any = self
        wide, high = self.measures
        if not self._given[0]:
            self._given = self.measures
            widget._draw()
        widget.place(x=x + (width - wide) // 2, y=y + max(0, height - high) // 2)


def lay_again(widget: Any) -> None:
    """Have the page of *widget* laid out again, soon."""
    page = widget
    while page is not None and not hasattr(page, "lay_soon"):
        page = page.master
    if page is not None:
        page.lay_soon()


def fonts_of(widget: Any) -> theme.Fonts:
    """Return the fonts of the window that *widget* is in."""
    fonts: theme.Fonts = widget.nametowidget(".").fonts
    return fonts
