"""Keyboard focus: the visible ring, and the order in which Tab moves it."""

from __future__ import annotations

import tkinter
from collections.abc import Callable, Sequence
from typing import Any

from kiosk.widgets import theme
from kiosk.widgets.surface import RoundFrame

RING, GAP = 4, 3
OUTSET = RING + GAP
_RING_CORNER = 14  # small enough that the control's own corners stay inside


class Control:
    """Mix-in of every widget that can have the focus.

    A control says which Tk widget takes the keys, draws the ring around itself, and knows whether
    it can be reached now.
    """

    master: Any
    ground: str
    """The colour that the control stands on."""

    def init_control(self, target: tkinter.Misc) -> None:
        """Prepare the control; *target* is the Tk widget that takes the keys."""
        self.enabled = True
        self.covered = False
        self.focused = False
        self._target = target
        self._ring: Any = None
        self.ring_parent: Any = self.master
        self.ring_below: Any = self
        tkinter.Misc.bind(target, "<FocusIn>", self._focus_in, add="+")
        tkinter.Misc.bind(target, "<FocusOut>", self._focus_out, add="+")

    @property
    def reachable(self) -> bool:
        """Whether the focus may come here now."""
        if not self.enabled or self.covered or not self._target.winfo_exists():
            return False
        return bool(self._target.winfo_viewable())

    def take_focus(self) -> None:
        """Put the focus here."""
        tkinter.Misc.focus_set(self._target)

    def come_into_view(self) -> None:
        """Have the page scroll to the control, if it is one that scrolls."""
        page = self.page
        if page is not None:
            page.scroll_to(self._target)

    @property
    def page(self) -> Any:
        """The page that the control is on; None elsewhere, as in a dialog."""
        page: Any = self._target
        while page is not None and not hasattr(page, "scroll_to"):
            page = page.master
        return page

    def give_up_focus(self) -> None:
        """Move the focus away from a control that is disabled."""
        if self.focused:
            self._target.nametowidget(".").focus_set()

    def pressed_by_key(self) -> bool:
        """Act on Enter or Space; False where they mean nothing to this control."""
        return False

    def _focus_in(self, _event: object = None) -> None:
        self.focused = True
        keeper = FocusKeeper.of(self._target)
        if keeper is not None:
            keeper.current = self
            keeper.moved(self)
        self.draw_ring()
        self.come_into_view()

    def _focus_out(self, _event: object = None) -> None:
        self.focused = False
        self.clear_ring()

    def draw_ring(self) -> None:
        """Show the ring: 4 px of ink outside the control, with 3 px of white between."""
        if self._ring is None:
            self._ring = RoundFrame(
                self.ring_parent,
                corner_radius=_RING_CORNER,
                border_width=RING,
                border_color=theme.INK,
                fg_color=theme.SURFACE,
                bg_color=self.ground,
            )
        out = round(OUTSET * self._ring._get_widget_scaling())
        tkinter.Place.place_configure(  # it goes where the control goes
            self._ring, in_=self.ring_below, x=-out, y=-out, relwidth=1, relheight=1,
            width=2 * out, height=2 * out, bordermode="outside",
        )  # fmt: skip
        self._ring.lower(self.ring_below)
        self.stand_on(theme.SURFACE)

    def clear_ring(self) -> None:
        """Hide the ring."""
        if self._ring is not None:
            self._ring.place_forget()
            self.stand_on(self.ground)

    def stand_on(self, colour: str) -> None:
        """Paint the ground that shows in the control's corners."""
        self.ring_below.configure(bg_color=colour)

    def remove(self) -> None:
        """Take the control, and its ring, off a page that goes on without it."""
        if self._ring is not None:
            self._ring.destroy()
        self.destroy()  # type: ignore[attr-defined]

    @property
    def ring(self) -> Any:
        """The ring's widget, or None before the first focus."""
        return self._ring


class FocusKeeper:
    """Moves the focus through the controls of the page or dialog in front."""

    def __init__(self, root: tkinter.Tk, scope: Callable[[], Sequence[Control]]) -> None:
        """Take over Tab in *root*; *scope* returns the controls in front, in reading order."""
        self.current: Control | None = None
        self.moved: Callable[[Control], object] = lambda _control: None
        self._scope = scope
        root.focus_keeper = self  # type: ignore[attr-defined]
        root.bind_all("<<NextWindow>>", lambda _e: self._tab(1))
        root.bind_all("<<PrevWindow>>", lambda _e: self._tab(-1))

    @classmethod
    def of(cls, widget: tkinter.Misc) -> FocusKeeper | None:
        """Return the keeper of the window that *widget* is in."""
        keeper = getattr(widget.nametowidget("."), "focus_keeper", None)
        return keeper if isinstance(keeper, cls) else None

    def stops(self) -> list[Control]:
        """Return the controls that can be reached now, in reading order."""
        return [control for control in self._scope() if control.reachable]

    def move(self, step: int) -> None:
        """Go *step* controls on, around the end."""
        stops = self.stops()
        if not stops:
            return
        outside = -1 if step > 0 else 0
        index = stops.index(self.current) if self.current in stops else outside
        stops[(index + step) % len(stops)].take_focus()

    def _tab(self, step: int) -> str:
        self.move(step)
        return "break"
