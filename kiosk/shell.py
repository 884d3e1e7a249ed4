"""Interfaces between the pages and the window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from kiosk.access import Access
from kiosk.camera_pane.guidance import Guide
from kiosk.countdown import Countdown
from kiosk.demonstration import Demonstration
from kiosk.idle import IdleClock
from kiosk.machine_host import MachineHost
from kiosk.supervisor import Heart
from kiosk.widgets.buttons import Button
from kiosk.widgets.fields import Field
from kiosk.widgets.focus import Control
from kiosk.widgets.top_bar import Chip, StatusText
from kiosk.window import Window
from kiosk.words.language import Language
from kiosk.words.messages import Notice
from kiosk.worker import Worker

if TYPE_CHECKING:
    from atm.accounts.session import Session
    from atm.machine import Machine
    from atm.settings import Settings


class Page(Protocol):
    """Interface of the page in front, as the window uses it; see `kiosk.screens.base.Screen`."""

    idles: bool
    for_staff: bool
    ends_visit: bool
    settling: bool
    session: Session | None
    primary: Button | None
    typing: Field | None
    controls: list[Control]
    layout: Any

    def chips(self) -> Sequence[Chip]: ...
    def status(self) -> StatusText: ...
    def first_focus(self) -> Control | None: ...
    def stops(self) -> Sequence[Control]: ...
    def turners(self) -> Sequence[Control]: ...
    def lay_now(self) -> None: ...
    def turn(self, way: int) -> None: ...
    def enter_in(self, field: Field) -> None: ...
    def typed_by_key(self, field: Field) -> None: ...
    def cancel(self) -> None: ...
    def refresh(self) -> None: ...
    def lay_soon(self) -> None: ...
    def give_way(self) -> None: ...
    def take_over(self, old: Any) -> None: ...
    @property
    def working(self) -> bool: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def destroy(self) -> None: ...


class Overlay(Protocol):
    """Interface of what covers the page until it is answered; see `kiosk.widgets.dialog.Dialog`."""

    controls: list[Control]
    layout: Any

    def cancel(self) -> None: ...
    def close(self) -> None: ...
    def plain(self, scale: float) -> None: ...


class Shell(Protocol):
    """Interface of the window, as pages use it; see `kiosk.app.App`.

    Attributes:
        window: The root window: its fonts, and the area that pages are placed in.
        host: The machine behind the window, and what it can do now.
        demonstration: Exchanges that machine for one with a drawn face, and back.
        worker: Runs work off the Tk thread.
        guide: Judges camera frames before a press.
        idle: Counts how long nobody has been there.
        pause: Counts down while the machine refuses logins.
        heart: Keeps the window's process alive while notes are paid out.
        access: What the visitor chose to see and hear.
        language: The language that pages are in.
        notice: Result of the last act, shown by the home page; None for nothing.
        screen: The page in front.
        dialog: The question, or help and access, over that page; None while there is none.
        by_touch: Whether the last input was a touch, not a key.
    """

    window: Window
    host: MachineHost
    demonstration: Demonstration
    worker: Worker
    guide: Guide
    idle: IdleClock
    pause: Countdown
    heart: Heart
    access: Access
    language: Language
    notice: Notice | None
    screen: Page
    dialog: Overlay | None
    by_touch: bool

    @property
    def settings(self) -> Settings:
        """The settings of the machine that is open, or being opened."""
        ...

    @property
    def machine(self) -> Machine:
        """The open machine; pages that need it are shown only once it is open."""
        ...

    @property
    def unseen(self) -> bool:
        """Whether an account is open whose owner the camera does not see."""
        ...

    def show(self, make: Make) -> None:
        """Replace the page in front by the one that *make* builds."""
        ...

    def go_home(self, notice: Notice | None = None) -> None:
        """Show the home page, with *notice* on it once; a visit that is over takes its choices."""
        ...

    def choose(self, **choices: Any) -> None:
        """Change some of the visitor's choices, the fields of `Access`, on any page."""
        ...

    def open_access(self, *, by_key: bool = False) -> None:
        """Open help and access over the page, or close it."""
        ...

    @property
    def can_speak(self) -> bool:
        """Whether this machine has a voice that a visitor may switch on."""
        ...

    @property
    def listener(self) -> Callable[[], bool] | None:
        """What says whether a movement is still being asked for in words; None: nobody listens."""
        ...

    def read_again(self) -> None:
        """Read the page in front aloud from its beginning."""
        ...

    def hush(self) -> None:
        """Stop what is being read aloud."""
        ...

    def redraw_bars(self) -> None:
        """Redraw the top bar and the status bar for the page in front."""
        ...

    def when_open(self, action: Callable[[], None]) -> None:
        """Do *action* as soon as the machine is open, if the page is still the same."""
        ...

    def reopen(
        self, settings: Settings | None = None, first: Callable[[], object] | None = None
    ) -> None:
        """Open the machine again, or that of other *settings*; see `MachineHost.open`."""
        ...

    def ask(
        self,
        *,
        title: str,
        line: str,
        yes: str,
        no: str,
        on_yes: Callable[[], object] | None,
        on_no: Callable[[], object] | None = None,
        danger: bool = False,
        safe: str = "no",
    ) -> None:
        """Show a yes-or-no dialog over the page; either answer closes it. See `Dialog`."""
        ...

    def fault(self, error: BaseException) -> None:
        """Log *error* and go home with the sentence for a fault."""
        ...

    def close(self) -> None:
        """End the kiosk."""
        ...


Make = Callable[[Shell], Page]
"""Builds a page; pages are handed on as this, so that the new one is made when it is shown."""


@dataclass(frozen=True, slots=True)
class FirstPages:
    """The pages that the window shows without a press.

    Attributes:
        home: Where everything begins and ends.
        first_choice: In the place of home while there is no data folder.
        out_of_service: In the place of home while nobody can be served.
        covered: In the place of an account whose owner is gone.
        card_taken: The same where their card is gone.
    """

    home: Make
    first_choice: Make
    out_of_service: Make
    covered: Make
    card_taken: Make
