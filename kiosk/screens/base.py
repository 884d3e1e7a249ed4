"""Base classes of all pages: controls in reading order, timers and work that end with the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import customtkinter

from kiosk.camera_pane.marks import Ring
from kiosk.machine_host import Condition
from kiosk.shell import Shell
from kiosk.widgets import theme
from kiosk.widgets.buttons import Button, Label, at
from kiosk.widgets.fields import Field
from kiosk.widgets.focus import Control
from kiosk.widgets.top_bar import Chip, StatusText
from kiosk.words import messages
from kiosk.words.language import languages
from kiosk.worker import Attempt

if TYPE_CHECKING:
    from atm.accounts.session import Session
    from kiosk.camera_pane.view import CameraView

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

    settling = False
    """Whether an act is under way whose end the customer must see."""

    def __init__(self, app: Shell) -> None:
        """Build the page; subclasses add their widgets in reading order."""
        super().__init__(
            app.window.area,
            width=theme.PAGE_WIDTH,
            height=theme.PAGE_HEIGHT - theme.TOP_BAR - theme.STATUS_BAR,
            corner_radius=0,
            fg_color=theme.PAPER,
        )
        self.app = app
        self.fonts = app.window.fonts
        self.language = app.language
        self._ = app.language.gettext
        self.controls: list[Control] = []
        self.primary: Button | None = None
        self.typing: Field | None = None
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
        fields = [c for c in self.controls if isinstance(c, Field) and c.reachable]
        later = fields[fields.index(field) + 1 :] if field in fields else []
        if later:
            later[0].take_focus()
        elif self.primary is not None:
            self.primary.press()

    def typed_by_key(self, field: Field) -> None:
        """Act on a physical key in *field*: its pad is not needed."""

    # What subclasses use.

    def put(self, widget: Any, x: int, y: int) -> Any:
        """Put *widget* at *x*, *y* of the drawn page of 1280 x 800; returns it."""
        if isinstance(widget, Field):
            widget.put(x, y - theme.TOP_BAR)
        else:
            at(widget, x, y - theme.TOP_BAR)
        if isinstance(widget, Control):
            self.controls.append(widget)
        return widget

    def label(
        self,
        text: str,
        x: int,
        y: int,
        width: int,
        *,
        size: int = theme.BODY,
        weight: str = "regular",
        colour: str = theme.INK,
        height: int = 34,
        anchor: str = "w",
        wrap: bool = False,
    ) -> Label:
        """Put words on the page."""
        made = Label(
            self, text, self.fonts(size, weight), colour=colour, width=width, height=height,
            anchor=anchor, wrap=wrap,
        )  # fmt: skip
        self.put(made, x, y)
        return made

    def button(
        self,
        text: str,
        command: Callable[[], object],
        x: int,
        y: int,
        width: int,
        *,
        look: str = "secondary",
        height: int = theme.TOUCH,
        busy_when_disabled: bool = False,
    ) -> Button:
        """Put a button on the page; the primary one, or a red one, is what Enter presses."""
        made = Button(
            self, text, command, self.fonts, look=look, width=width, height=height,
            busy_when_disabled=busy_when_disabled,
        )  # fmt: skip
        self.put(made, x, y)
        if look in ("primary", "danger"):
            self.primary = made
        return made

    def home_chip(self) -> Chip:
        """Return the chip that leads home."""
        return Chip(self._("Home"), self.app.go_home, symbol="back")

    def language_chip(self) -> Chip:
        """Return the chip that leads to the languages, with the present one's name."""
        from kiosk.screens.customer.languages import Languages  # the first paint does not need it

        name = languages()[self.language.code]
        return Chip(name, lambda: self.app.show(Languages), symbol="globe")

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
        for control in self.controls:
            if isinstance(control, Field):
                control.enable(True)
                control.clear()
        super().destroy()


class LivePage(Screen):
    """A page that shows the camera in its `view`."""

    view: CameraView

    def prepare_marks(self, ring: Ring, wanted: int) -> None:
        """Have a worker draw what an attempt will need; see `CameraView.preparation`."""
        prepare = self.view.preparation(ring, wanted)
        self.work(lambda _attempt: prepare(), done=lambda _none: None)

    def pause(self) -> None:
        """Show no frozen picture, and no sentence about a camera that works."""
        self.view.words("", "")
        self.view.freeze()

    def resume(self) -> None:
        """Show the camera again."""
        self.view.resume()
