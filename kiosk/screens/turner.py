"""Placing of a page in the window, and its scrolling by two large buttons where it has no room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kiosk.layout import Column, Inset, Space
from kiosk.widgets import theme
from kiosk.widgets.buttons import Button
from kiosk.widgets.focus import OUTSET, Control

_WIDE = theme.TOUCH + 2 * OUTSET
_KEPT = 96  # of what was in view before a turn


class Turner:
    """Places one page; where it is higher than the window, turns it by screenfuls."""

    def __init__(self, page: Any, fonts: theme.Fonts) -> None:
        """Place nothing yet."""
        self._page, self._fonts = page, fonts
        self._buttons: list[Button] = []
        self._top = 0
        self._beyond = 0
        self._view = 0

    @property
    def controls(self) -> Sequence[Control]:
        """The two buttons, while the page scrolls."""
        return self._buttons if self._beyond else []

    def lay(self, layout: Inset, size: tuple[int, int]) -> None:
        """Place the page and *layout* on it in a view of *size*, all in drawn pixels."""
        width, height = size
        needed = layout.heights(width)[0]
        if needed > height:
            width -= _WIDE
            needed = layout.heights(width)[0]
        self._view = height
        self._beyond = max(0, needed - height)
        page = self._page
        page.configure(width=width, height=max(height, needed))
        layout.arrange(0, 0, width, max(height, needed))
        self._show_buttons(size)
        self._go(self._top)

    def turn(self, way: int) -> None:
        """Scroll by a screenful less what stays in view: down for 1, up for -1."""
        self._go(self._top + way * max(theme.TOUCH, self._view - _KEPT))

    def reach(self, widget: Any) -> None:
        """Scroll as far as *widget*, of the page, needs to be in view."""
        if not self._beyond:
            return
        scale = self._page._get_widget_scaling()
        top = (widget.winfo_rooty() - self._page.winfo_rooty()) / scale
        bottom = top + widget.winfo_height() / scale
        if top - _KEPT < self._top:
            self._go(int(top - _KEPT))
        elif bottom + _KEPT > self._top + self._view:
            self._go(int(bottom + _KEPT - self._view))

    def destroy(self) -> None:
        """Take the buttons away."""
        for button in self._buttons:
            button.remove()
        self._buttons = []

    def _go(self, top: int) -> None:
        self._top = max(0, min(top, self._beyond))
        self._page.place(x=0, y=-self._top)
        for button, may in zip(
            self._buttons, (self._top > 0, self._top < self._beyond), strict=False
        ):
            button.enable(may)

    def _show_buttons(self, size: tuple[int, int]) -> None:
        if not self._beyond:
            for button in self._buttons:
                button.hide()
            return
        if not self._buttons:
            area = self._page.master
            self._buttons = [
                Button(area, "↑", lambda: self.turn(-1), self._fonts, most=1.0),
                Button(area, "↓", lambda: self.turn(1), self._fonts, most=1.0),
            ]
        width, height = size
        up, down = self._buttons
        rail = Inset(Column(up, Space(grow=1), down), sides=0, ends=theme.ENDS)
        rail.arrange(width - theme.TOUCH - OUTSET - 4, 0, theme.TOUCH, height)
        for button in self._buttons:
            button.lift()
