"""The root window: top bar, page and status bar, and their scaling."""

from __future__ import annotations

import logging
import tkinter
from collections.abc import Callable
from typing import Any

import customtkinter

from kiosk.images import forget_images, leave_page, shared_image
from kiosk.widgets import theme
from kiosk.widgets.icons import picture
from kiosk.widgets.top_bar import StatusBar, TopBar

_SETTLE_MS = 80

_log = logging.getLogger(__name__)


class _Plain:
    """Mix-in of a plain Tk widget that holds pages or bars.

    customtkinter puts a closure in the place of a plain master's `configure`, around the one it
    finds there: each page would keep all pages before it, with their last pictures, for ever.
    """

    def __setattr__(self, name: str, value: object) -> None:
        """Ignore customtkinter's replacement of `configure`; it would keep every page alive."""
        if name not in ("config", "configure"):
            super().__setattr__(name, value)


class _Root(_Plain, tkinter.Tk):
    """The root window."""


class _Area(_Plain, tkinter.Frame):
    """Frame that holds the pages."""


_SMALL = 0.75
"""Pages are checked on 1024 x 600 as the smallest screen, at a scale of 0.78."""
_WIDTH = 1280
"""Of a window that does not take the whole screen, in drawn pixels."""
_LEAST_WINDOW = (800, 600)
_TOO_SMALL = 1.5
"""What a display tells of its width is mentioned where text and keys need so much more size."""


class Window:
    """The window: two bars and, between them, a page that takes the window's shape.

    Attributes:
        scale: How many pixels a drawn pixel has; see `theme.sheet`.
        page_size: Width and height of the page, in drawn pixels.
        laid: Called when size or text size has changed, after the bars were laid out.
    """

    def __init__(self, *, fullscreen: bool, screen_width_mm: float | None) -> None:
        """Open the window.

        Args:
            fullscreen: Whether it takes the whole screen, with no way out of its own.
            screen_width_mm: How wide the panel is, where its text and keys must be measured.

        Raises:
            tkinter.TclError: If there is no display.
        """
        customtkinter.set_appearance_mode("light")
        customtkinter.deactivate_automatic_dpi_awareness()
        self.root = _Root(className="two-factor-atm")
        self.root.tk.call("rename", "send", "")  # nor can others on this display send to it
        self.root.withdraw()
        self.root.configure(bg=theme.PAPER)
        self.root.title("Two-Factor ATM")
        self.fonts = theme.Fonts(self.root)
        self.root.fonts = self.fonts
        self.laid: Callable[[], None] = lambda: None
        self._settle: str | None = None
        self._panel_mm = screen_width_mm
        self._size = self._fit(fullscreen)
        self._set_scale()
        self.top = TopBar(self.root, self.fonts)
        self.area = _Area(self.root, bg=theme.PAPER)
        self.status_bar = StatusBar(self.root, self.fonts)
        self.page_size = (0, 0)
        self.lay()
        self.screen: Any = None
        self.cover: Any = None
        self.fullscreen = fullscreen
        if fullscreen:
            self.root.attributes("-fullscreen", True)
        self._take_keys = self.root.bind("<Map>", self._mapped, add="+")
        self.root.deiconify()
        self.root.bind("<Configure>", self._configured, add="+")

    def show(self, screen: Any) -> None:
        """Replace the page in front by *screen*, already built.

        It is laid out and drawn behind the old one, because a page is blank until it is. A touch
        meanwhile reaches nobody: it was aimed at the old one, which is gone before input is looked
        at. A key that is pressed meanwhile reaches the new page.
        """
        old, self.screen = self.screen, screen
        screen.lay_now()
        if old is not None:
            screen.lower(old)
        self.root.update_idletasks()
        screen.lift()
        if old is not None:
            old.destroy()
            self.fonts.forget()
            leave_page()

    def repaint(self) -> None:
        """Make the bars again, in the colours that are worn now."""
        self.root.configure(bg=theme.PAPER)
        self.area.configure(bg=theme.PAPER)
        self.top.destroy()
        self.status_bar.destroy()
        self.top, self.status_bar = TopBar(self.root, self.fonts), StatusBar(self.root, self.fonts)
        self.lay()

    def lay_over(self, layer: Any) -> None:
        """Show *layer*, already built, over the page in front."""
        layer.lay_now()
        layer.lift()
        self.root.update_idletasks()

    def lay(self) -> None:
        """Lay the bars out, which leave the page its size, and place the area between them."""
        width, height = (round(pixels / self.scale) for pixels in self._size)
        top, foot = self.top.lay(width), self.status_bar.lay(width)
        self.page_size = (width, height - top - foot)
        self.top.place(x=0, y=0)
        self.status_bar.place(x=0, rely=1.0, anchor="sw")
        self.area.place(
            x=0, y=int(top * self.scale), relwidth=1.0, relheight=1.0,
            height=-int(top * self.scale) - int(foot * self.scale),
        )  # fmt: skip

    def resize(self, width: int, height: int) -> None:
        """Lay everything out for a window of *width* x *height* pixels."""
        if (width, height) != self._size:
            self._size = (width, height)
            self._set_scale()
            self.laid()

    def set_text_step(self, step: float) -> None:
        """Set all text in *step* times its size, one of `theme.TEXT_STEPS`; what is typed stays."""
        self.fonts.set_step(step)
        self.laid()

    def show_icon(self) -> None:
        """Give the window its icon, for where windows have one."""
        icon = shared_image("window", lambda: picture("mark", theme.PRIMARY, 64))
        self.root.iconphoto(True, icon)

    def leave_fullscreen(self) -> None:
        """Go back to an ordinary window."""
        self.fullscreen = False
        self.root.attributes("-fullscreen", False)

    def destroy(self) -> None:
        """Close the window; timers that were left do not fire any more."""
        if self._settle is not None:
            self.root.after_cancel(self._settle)
        forget_images()
        tracker = customtkinter.ScalingTracker
        for timer in self.root.tk.splitlist(self.root.tk.call("after", "info")):
            self.root.after_cancel(timer)
        self.root.destroy()
        tracker.window_widgets_dict.pop(self.root, None)
        tracker.window_dpi_scaling_dict.pop(self.root, None)
        tracker.update_loop_running = False

    def _mapped(self, event: Any) -> None:
        """Ask for the keyboard once: without a window manager nobody else gives it."""
        if event.widget is self.root:
            self.root.unbind("<Map>", self._take_keys)
            self.root.focus_force()

    def _fit(self, fullscreen: bool) -> tuple[int, int]:
        """Choose the window's size in pixels, and say where the screen is too small."""
        across, down = self.root.winfo_screenwidth(), self.root.winfo_screenheight()
        panel_mm = self._panel_mm
        largest = theme.sheet(across, down)
        needed = theme.scale_for_panel(across, panel_mm) if panel_mm else 1.0
        if needed > theme.sheet(across, down, panel_mm) + 1e-6 or largest < _SMALL:
            _log.warning(
                "The screen of %d x %d is too small: text and keys are drawn at %.0f %% of "
                "the size they need.", across, down, 100 * largest / max(needed, 1.0),
            )  # fmt: skip
        told_mm = self.root.winfo_screenmmwidth()  # displays often tell a wrong one: a hint alone
        scale = largest if fullscreen else min(max(needed, 1.0), largest)
        if panel_mm is None and theme.scale_for_panel(across, told_mm) > _TOO_SMALL * scale:
            _log.warning(
                "By what the display tells of itself, %d mm across, text and keys are too small to "
                "read and touch: set screen_width_mm to its true width.", told_mm,
            )  # fmt: skip
        if fullscreen:
            self.root.geometry(f"{across}x{down}+0+0")
            return across, down
        width = min(across, round(_WIDTH * scale))
        height = min(down, round(theme.LOWEST * scale))
        left, top = max(0, (across - width) // 2), max(0, (down - height) // 2)
        self.root.geometry(f"{width}x{height}+{left}+{top}")
        self.root.minsize(min(width, _LEAST_WINDOW[0]), min(height, _LEAST_WINDOW[1]))
        return width, height

    def _set_scale(self) -> None:
        self.fonts.forget()
        self.scale = self.fonts.scale = theme.sheet(*self._size, self._panel_mm)
        customtkinter.set_widget_scaling(self.scale)

    def _configured(self, event: Any) -> None:
        if event.widget is not self.root or (event.width, event.height) == self._size:
            return
        if self._settle is not None:
            self.root.after_cancel(self._settle)
        self._settle = self.root.after(_SETTLE_MS, self._settled)

    def _settled(self) -> None:
        self._settle = None
        self.resize(self.root.winfo_width(), self.root.winfo_height())
