"""Base classes of all pages: controls in reading order, timers and work that end with the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import customtkinter

from kiosk.layout import Column, Inset, Reflow, Space
from kiosk.machine_host import Condition
from kiosk.screens.turner import Turner
from kiosk.shell import Shell
from kiosk.widgets import theme
from kiosk.widgets.buttons import Button
from kiosk.widgets.fields import Field
from kiosk.widgets.focus import Control
from kiosk.widgets.labels import Label
from kiosk.widgets.status_line import Disc, Pane, card
from kiosk.widgets.top_bar import Chip, StatusText
from kiosk.words import messages
from kiosk.worker import Attempt

if TYPE_CHECKING:
    from atm.accounts.session import Session

T = TypeVar("T")
S = TypeVar("S", bound="Screen")


class Screen(customtkinter.CTkFrame):  # type: ignore[misc]
    """A page. It is built anew each time it is shown, so that nothing typed outlives it."""

    idles = True
    """Whether "More time?" is asked here after idle time."""

    session: Session | None = None
    """The account that is open on this page; leaving it ends the session."""

    for_staff = False
    """Whether a member of staff is signed in here: after a minute without input they are not."""

    ends_visit = False
    """Whether a visit is over when this page goes home, as it always is where nobody idles."""

    kept: tuple[str, ...] = ()
    """Names of attributes that a page built anew takes from the one before it."""

    settling = False
    """Whether an act is under way whose end the customer must see."""

    def __init__(self, app: Shell) -> None:
        """Build the page; subclasses add their widgets in reading order."""
        width, height = app.window.page_size
        super().__init__(
            app.window.area, width=width, height=height, corner_radius=0, fg_color=theme.PAPER
        )
        self.app = app
        self.fonts = app.window.fonts
        self.language = app.language
        self._ = app.language.gettext
        self.controls: list[Control] = []
        self.primary: Button | None = None
        self.typing: Field | None = None
        self.pane: Pane | None = None
        self.layout: Any = None
        self._turner: Turner | None = None
        self._laying: str | None = None
        self._timers: set[str] = set()
        self._attempts: list[Attempt[Any]] = []

    # What subclasses say about themselves.

    def chips(self) -> Sequence[Chip]:
        """Return the chips of the top bar."""
        return [self.home_chip()]

    def status(self) -> StatusText:
        """Return the status bar's text; asked four times a second."""
        return self.condition_text()

    def first_focus(self) -> Control | None:
        """Return the control that has the focus when the page appears."""
        return next((each for each in self.controls if each.enabled), None)

    def cancel(self) -> None:
        """Act on Escape."""
        self.app.go_home()

    def refresh(self) -> None:
        """Update what changes by itself; called four times a second."""

    def pause(self) -> None:
        """Hide what is private and stop what is live: a dialog lies over the page."""

    def resume(self) -> None:
        """Go on after the dialog was answered."""

    def stops(self) -> Sequence[Control]:
        """Return the controls in reading order."""
        return self.controls

    def enter_in(self, field: Field) -> None:
        """Go on from *field*, as Enter does: to the next field, or to the page's main action."""
        fields = [c for c in self._fields() if c.reachable]
        later = fields[fields.index(field) + 1 :] if field in fields else []
        if later:
            later[0].take_focus()
        elif self.primary is not None:
            self.primary.press()

    def typed_by_key(self, field: Field) -> None:
        """Act on a physical key in *field*: its pad is not needed."""

    def give_way(self) -> None:
        """Prepare to be left for the same page, built anew."""

    def take_over(self, old: Screen) -> None:
        """Take what was typed into *old*, the same page as it was before it was built anew."""
        for mine, theirs in zip(self._fields(), old._fields(), strict=False):
            mine.text = theirs.text
        for name in self.kept:
            setattr(self, name, getattr(old, name))
        self.refresh()

    @property
    def working(self) -> bool:
        """Whether a worker still does something for this page."""
        return any(not attempt.over for attempt in self._attempts)

    def _fields(self) -> list[Field]:
        return [control for control in self.controls if isinstance(control, Field)]

    # What subclasses use.

    def lay(self, *parts: Any, gap: int = 16, middle: int = 0) -> None:
        """Say how the page is laid out: *parts* one under the other; see `kiosk.layout`.

        Args:
            parts: Widgets whose master is the page, and boxes of them.
            gap: Between two of them.
            middle: Width beyond which the parts do not grow, but stand in the middle; 0 for none.
        """
        self.layout = Column(*parts, gap=gap)
        self._middle = middle
        if self.winfo_ismapped():
            self.lay_soon()

    def room(self) -> tuple[int, int]:
        """Return the width and height that the page has between its margins."""
        width, height = self.app.window.page_size
        return width - 2 * self._sides, height - 2 * theme.ENDS

    def lay_message(
        self,
        sign: tuple[str, str, str],
        title: str,
        *told: Any,
        buttons: Sequence[Button],
        head: Any = None,
    ) -> None:
        """Lay the page out as one card with the buttons below it, in the middle.

        Args:
            sign: Symbol, colour and ground of the round sign on the card.
            title: The card's heading.
            told: What stands below it: sentences, or parts whose master is `pane`.
            buttons: Side by side, or one under the other.
            head: What stands above, at the top of the page.
        """
        pane = self.pane = self.pane or Pane(self)
        heading = self.words(title, size=theme.HEADING, weight="bold", anchor="center", on=pane)
        parts = [
            self.words(each, colour=theme.MUTED, anchor="center", on=pane)
            if isinstance(each, str) else each
            for each in told
        ]  # fmt: skip
        message = card(pane, Disc(pane, *sign), heading, *parts, sides=40, ends=32)
        row = Reflow(*buttons, gap=24)
        above = [head] if head is not None else []
        self.lay(
            *above, Space(grow=1), message, Space(size=8), row, Space(grow=1), middle=theme.CARD
        )

    def lay_now(self) -> None:
        """Lay the page out in the room that there is; where it has none, it scrolls."""
        self.cancel_timer(self._laying)
        self._laying = None
        if self._turner is None:
            self._turner = Turner(self, self.fonts)
        self._turner.lay(self._whole(), self.app.window.page_size)

    def lay_soon(self) -> None:
        """Lay the page out again once the work at hand is done."""
        if self._laying is None and self._turner is not None:
            self._laying = self.later(1, self.lay_now)

    def _whole(self) -> Inset:
        """Return the layout with the page's margins."""
        most = self._middle + 2 * self._sides if self._middle else 0
        return Inset(self.layout, sides=self._sides, ends=theme.ENDS, most=most)

    @property
    def _sides(self) -> int:
        wide = self.app.window.page_size[0] >= 1000
        return theme.MARGIN if wide else theme.NARROW_MARGIN

    def show_part(self, part: Any, shown: bool) -> None:
        """Show *part*, a widget or a box of the layout, or take it off the page."""
        if part.shown != shown:
            part.shown = shown
            self.lay_soon()

    def turners(self) -> Sequence[Control]:
        """Return the buttons that scroll the page, where it has no room."""
        return self._turner.controls if self._turner is not None else []

    def turn(self, way: int) -> None:
        """Scroll by a screenful: down for 1, up for -1."""
        if self._turner is not None:
            self._turner.turn(way)

    def scroll_to(self, widget: Any) -> None:
        """Bring *widget*, which has the focus, into view."""
        if self._turner is not None:
            self._turner.reach(widget)

    def add(self, control: Any) -> Any:
        """Note *control* as the next one in reading order; returns it."""
        self.controls.append(control)
        return control

    def words(
        self,
        text: str,
        *,
        size: int = theme.BODY,
        weight: str = "regular",
        colour: str | None = None,
        anchor: str = "w",
        cut: bool = False,
        on: Any = None,
        grow: int = 0,
    ) -> Label:
        """Return *text* as a label of the page, or of the pane *on* it; see `Label`."""
        return Label(
            on if on is not None else self, text, self.fonts(size, weight), colour=colour,
            anchor=anchor, cut=cut, grow=grow,
        )  # fmt: skip

    def heading(self, text: str, *, cut: bool = False) -> Label:
        """Return the page's heading; a name in it is cut where it has no room."""
        return self.words(text, size=theme.HEADING, weight="bold", cut=cut)

    def button(
        self,
        text: str,
        command: Callable[[], object],
        *,
        look: str = "secondary",
        high: int = theme.KEY,
        busy_when_disabled: bool = False,
        on: Any = None,
        grow: int = 0,
    ) -> Button:
        """Return a button of the page; the primary one, or a red one, is what Enter presses."""
        made: Button = self.add(
            Button(
                on if on is not None else self, text, command, self.fonts, look=look, high=high,
                ground=theme.SURFACE if on is not None else None,
                busy_when_disabled=busy_when_disabled, grow=grow,
            )
        )  # fmt: skip
        if look in ("primary", "danger"):
            self.primary = made
        return made

    def home_chip(self) -> Chip:
        """Return the chip that leads home."""
        return Chip(self._("Home"), self.app.go_home, symbol="back")

    def cancel_chip(self) -> Chip:
        """Return the chip that breaks off."""
        return Chip(self._("Cancel"), self.cancel)

    def condition_text(self) -> StatusText:
        """Return whether the kiosk is ready, or what is missing."""
        _ = self._
        return {
            Condition.OPENING: StatusText(_("Starting…"), "warn"),
            Condition.WARMING: StatusText(_("Getting ready…"), "warn"),
            Condition.READY: StatusText(_("Ready"), "ok"),
            Condition.NO_CAMERA: StatusText(_("No camera"), "bad"),
            Condition.OTHER_CAMERA: StatusText(self._not_accepted(), "bad"),
            Condition.NO_FOLDER: StatusText(_("Not set up"), "warn"),
            Condition.OUT: StatusText(_("Out of service"), "bad"),
        }[self.app.host.condition]

    def _not_accepted(self) -> str:
        unsigned = self.app.host.camera_problem == messages.CAMERA_PROBLEMS[-1]
        return self._("Not approved yet") if unsigned else self._("Camera not accepted")

    def no_picture(self, advice: str) -> tuple[str, str]:
        """Return the two lines for a camera pane without a picture."""
        if self.app.host.camera_lost:
            return self._(messages.SILENT), self._(advice)
        return self._(messages.WAIT), ""

    def later(self, wait_ms: int, action: Callable[[], object]) -> str:
        """Do *action* after *wait_ms*, unless the page is left before; returns a name for it."""

        def fire() -> None:
            self._timers.discard(name)
            action()

        name: str = self.after(wait_ms, fire)
        self._timers.add(name)
        return name

    def cancel_timer(self, name: str | None) -> None:
        """Cancel what `later` was asked to do."""
        if name is not None and name in self._timers:
            self._timers.discard(name)
            self.after_cancel(name)

    def work(
        self,
        work: Callable[[Attempt[T]], T],
        *,
        done: Callable[[T], None],
        failed: Callable[[BaseException], None] | None = None,
        progress: Callable[..., None] | None = None,
        unwanted: Callable[[T], None] | None = None,
    ) -> Attempt[T]:
        """Run *work* off the Tk thread; its result is dropped once the page is left."""
        attempt = self.app.worker.start(
            work, done=done, failed=failed or self.app.fault, progress=progress, unwanted=unwanted
        )
        self._attempts.append(attempt)
        return attempt

    def hand_over(self, attempt: Attempt[Any], page: S) -> S:
        """Let *attempt* go on while *page*, which is returned, takes this one's place."""
        self._attempts.remove(attempt)
        page._attempts.append(attempt)
        return page

    def destroy(self) -> None:
        """Leave the page: drop its work, stop its timers, empty its fields."""
        for attempt in self._attempts:
            attempt.drop()
        for name in self._timers:
            self.after_cancel(name)
        self._timers.clear()
        for field in self._fields():
            field.enable(True)
            field.clear()
        if self._turner is not None:
            self._turner.destroy()
        super().destroy()
