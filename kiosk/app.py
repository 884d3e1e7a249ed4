"""The application: joins one window, one machine and the page in front."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from atm.folder import Kind
from kiosk.access import defaults
from kiosk.attendance import Attendance
from kiosk.camera_pane.guidance import Guide
from kiosk.collector import Collector
from kiosk.countdown import Countdown
from kiosk.demonstration import Demonstration
from kiosk.idle import IdleClock
from kiosk.keyboard import Keyboard
from kiosk.machine_host import Condition, MachineHost
from kiosk.screens.access import AccessLayer
from kiosk.shell import FirstPages, Make, Overlay, Page, Shell
from kiosk.speech.headphones import Headphones, Jack
from kiosk.speech.reader import Reader
from kiosk.speech.voice import Voice
from kiosk.supervisor import Heart
from kiosk.visit import Visit
from kiosk.widgets import theme
from kiosk.widgets.dialog import Dialog
from kiosk.widgets.focus import FocusKeeper
from kiosk.widgets.top_bar import Chip
from kiosk.window import Window
from kiosk.words import messages
from kiosk.words.language import Language
from kiosk.worker import DRAIN_MS, Worker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atm.machine import Machine
    from atm.settings import Settings
    from kiosk.widgets.focus import Control

NAME = "Two-Factor ATM"
REFRESH_MS = 250
UNSEEN_MS = 500
"""How long to wait for the window to become visible before the machine starts anyway."""

_log = logging.getLogger(__name__)


class App(Shell):
    """The application behind the window: its machine, pages, timers and dialogs."""

    def __init__(
        self,
        settings: Settings,
        pages: FirstPages,
        open_with: Callable[[Settings], Machine],
        furnish: Callable[[Machine, threading.Event], None],
        heart: Heart | None = None,
        voice: Voice | None = None,
        jack: Jack | None = None,
    ) -> None:
        """Open the window and start the machine behind it.

        Args:
            settings: What was asked for at the start.
            pages: The pages that come without a press.
            open_with: Opens the machine; called on a worker.
            furnish: Gives the machine what its data folder comes with; called on a worker.
            heart: Beats for the process that watches over this one; None where there is none.
            voice: Reads pages aloud; None where the machine has none.
            jack: Tells whether headphones are plugged in; None where the settings name none.

        Raises:
            tkinter.TclError: If there is no display.
        """
        self._pages = pages
        self.heart = heart or Heart()
        self.worker = Worker()
        self.host = MachineHost(settings, self.worker, open_with, furnish, self._host_changed)
        self.demonstration = Demonstration(self.host, self.worker, self.reopen, self.fault)
        self.access = defaults(settings)
        theme.wear(self.access.palette)
        self.window = Window(
            fullscreen=settings.fullscreen, screen_width_mm=settings.screen_width_mm
        )
        self.root = self.window.root
        self.language = Language(settings.language, settings.currency)
        self.dialog: Overlay | None = None
        self.by_touch = False
        self.notice: messages.Notice | None = None
        self.closed = False
        self.collector = Collector()
        self._waiting: tuple[Page, Callable[[], None]] | None = None
        self._timers: dict[str, str] = {}
        self.idle = IdleClock(settings.idle_s, settings.more_time_s)
        self.pause = Countdown()
        self.attendance = Attendance(self, pages.covered, pages.card_taken)
        self.guide = Guide(self.host, self.worker, self.idle.active)
        self.focus = FocusKeeper(self.root, self._in_front)
        self.keyboard = Keyboard(self, self.focus)
        self.reader = Reader(self, self.focus, voice)
        self.headphones = Headphones(self, jack)
        self.root.report_callback_exception = self._callback_failed
        self.root.protocol("WM_DELETE_WINDOW", self._close_asked)
        self.window.laid = self._laid
        self.screen: Page
        self.visit = Visit(self, self.focus, self._end_dialog)
        self.show(self._first_page())
        self._started = False
        self.root.bind("<Visibility>", self._painted, add="+")
        self._timers["start"] = self.root.after(UNSEEN_MS, self._painted)

    def run(self) -> None:
        """Serve until the window is closed."""
        self.root.mainloop()

    def show(self, make: Make) -> None:
        """Replace the page in front by the one that *make* builds."""
        self._end_dialog()
        self.idle.answer()
        self.guide.watch(None)
        if self.visit.stale:
            self.visit.adopt()
        self.visit.make = make
        self.screen = make(self)
        self.redraw_bars()
        self.window.show(self.screen)
        first = self.screen.first_focus()
        if first is not None:
            first.take_focus()
        else:
            self.root.focus_set()

    def go_home(self, notice: messages.Notice | None = None) -> None:
        """Show the home page; staff are signed out, and what a visitor chose ends with the visit.

        Args:
            notice: Message to show once on the home page, to a reader who is still there.
        """
        if self.host.machine is not None:
            self.host.machine.staff.sign_out()
        self.notice = notice
        screen = self.screen
        if notice is None and (screen.ends_visit or not screen.idles or self.idle.asking):
            self.visit.end()
        self.show(self._first_page())

    def choose(self, **choices: Any) -> None:
        """Change some of the visitor's choices, the fields of `Access`, on any page.

        The page in front is built anew with what was typed into it; while a worker does something
        for it, as soon as that is over.
        """
        self.visit.choose(**choices)

    def open_access(self, *, by_key: bool = False) -> None:
        """Open help and access over the page, or close it; see `Visit.open`."""
        self.visit.open(by_key=by_key)

    @property
    def can_speak(self) -> bool:
        """Whether this machine has a voice that a visitor may switch on."""
        return self.reader.voice is not None and self.settings.speech != "off"

    @property
    def listener(self) -> Callable[[], bool] | None:
        """What says whether a movement is still being asked for in words; None: nobody listens."""
        return self.reader.speaks if self.reader.on and self.can_speak else None

    def read_again(self) -> None:
        """Read the page in front aloud from its beginning."""
        self.reader.again()

    def hush(self) -> None:
        """Stop what is being read aloud."""
        self.reader.hush()

    def redraw_bars(self) -> None:
        """Redraw the top bar and the status bar for the page in front."""
        access = Chip(self.language.gettext("Help"), self.open_access, symbol="access")
        self.window.top.fill(NAME, self._banner(), [*self.screen.chips(), access])
        self.window.status_bar.say(self.screen.status())
        room = self.window.page_size
        self.window.lay()
        if self.window.page_size != room:  # the chips take another number of rows
            self.screen.lay_soon()

    @property
    def settings(self) -> Settings:
        """The settings of the machine that is open, or being opened."""
        return self.host.settings

    @property
    def machine(self) -> Machine:
        """The machine; pages that need it are shown only once it is open."""
        machine = self.host.machine
        if machine is None:
            raise RuntimeError("the machine is not open")
        return machine

    @property
    def machine_ready(self) -> bool:
        """Whether customers can be served now."""
        return self.host.condition is Condition.READY

    @property
    def unseen(self) -> bool:
        """Whether an account is open whose owner the camera does not see; see `UnseenQuestion`."""
        return self.attendance.unseen

    def when_open(self, action: Callable[[], None]) -> None:
        """Do *action* now, or as soon as the machine is open if the page is still the same."""
        if self.host.machine is not None:
            action()
        else:
            self._waiting = (self.screen, action)

    def reopen(
        self, settings: Settings | None = None, first: Callable[[], object] | None = None
    ) -> None:
        """Open the machine again, or that of other *settings*; see `MachineHost.open`."""
        self.host.open(settings, first=first)
        self.go_home()

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
        """Show a yes-or-no dialog over the page; either answer closes it first. See `Dialog`."""

        def then(action: Callable[[], object] | None) -> Callable[[], None]:
            def answered() -> None:
                self._end_dialog()
                self.idle.answer()
                if before is not None and before.reachable:
                    before.take_focus()
                if action is not None:
                    action()

            return answered

        before = self.focus.current
        last = self.dialog if isinstance(self.dialog, Dialog) else None
        self._end_dialog()
        self.screen.pause()
        self.dialog = Dialog(
            self.root, self.window.fonts, self.window.scale,
            title=title, line=line, yes=yes, no=no, on_yes=then(on_yes), on_no=then(on_no),
            danger=danger, safe=safe, before=last,
        )  # fmt: skip

    def fault(self, error: BaseException) -> None:
        """Log *error* and go home with the sentence for a fault."""
        _log.error("A fault occurred in the window.", exc_info=error)
        try:
            self.go_home(messages.Notice.FAULT)
        except Exception:
            _log.exception("The home page cannot be shown.")

    def close(self) -> None:
        """End: stop the timers, join the workers, destroy the window."""
        if self.closed:
            return
        self.closed = True
        for name in self._timers.values():
            self.root.after_cancel(name)
        self.reader.close()
        self._end_dialog()
        self.guide.watch(None)
        self.screen.destroy()
        self.guide.close()
        if not self.worker.close():
            _log.warning("A worker did not end in time.")
        try:
            self.host.close()
        finally:
            self.window.destroy()
            self.collector.close()

    def _painted(self, _event: object = None) -> None:
        """Start once the window is visible: the first page is drawn before anything else."""
        if not self._started:
            self._started = True
            self.root.after_cancel(self._timers["start"])
            self._timers["start"] = self.root.after(1, self._start)

    def _start(self) -> None:
        self.root.update_idletasks()
        _log.info("First paint")
        self.window.show_icon()
        self._refresh()
        self.host.open()
        self._timers["tick"] = self.root.after(DRAIN_MS, self._tick)

    def _tick(self) -> None:
        self._timers["tick"] = self.root.after(DRAIN_MS, self._tick)
        if not self.heart.beat():
            _log.error("The process that watches over the window has ended. The window closes.")
            self.close()
            return
        self.worker.drain()

    def _refresh(self) -> None:
        self._timers["refresh"] = self.root.after(REFRESH_MS, self._refresh)
        self.reader.note_speech()
        self.collector.collect()
        self.host.refresh()
        if self.screen.idles:  # at home the camera may rest
            self.guide.look()
        self.attendance.look()
        self.headphones.look()
        self.screen.refresh()
        if self.visit.stale and self.dialog is None:
            self.visit.renew()
        self.window.status_bar.say(self.screen.status())
        self.reader.look()

    def _end_dialog(self) -> None:
        dialog, self.dialog = self.dialog, None
        if dialog is not None:
            dialog.close()
            self.screen.resume()
            self.visit.closed(dialog)

    def _in_front(self) -> Sequence[Control]:
        if isinstance(self.dialog, AccessLayer):
            return [*self.dialog.controls, *self.dialog.turners()]
        if self.dialog is not None:
            return self.dialog.controls
        return [*self.screen.stops(), *self.screen.turners(), *self.window.top.controls()]

    def _host_changed(self) -> None:
        if self.host.condition in (Condition.OUT, Condition.NO_FOLDER):
            self.go_home()
            return
        if self.machine_ready:
            self.collector.settle()
        self.redraw_bars()
        self.screen.refresh()
        waiting = self._waiting
        if waiting is not None and self.host.machine is not None:
            self._waiting = None
            if waiting[0] is self.screen:
                waiting[1]()

    def _first_page(self) -> Make:
        """Return what makes the page that stands where no visitor is."""
        pages = self._pages
        others = {Condition.OUT: pages.out_of_service, Condition.NO_FOLDER: pages.first_choice}
        return others.get(self.host.condition, pages.home)

    def _laid(self) -> None:
        """Lay everything out again: the window's size or the text size has changed."""
        self.redraw_bars()
        self.screen.lay_now()
        if self.dialog is not None:
            self.dialog.plain(self.window.scale)
        current = self.focus.current
        if current is not None and current.focused and current.reachable:
            self.root.update_idletasks()
            current.come_into_view()

    def _banner(self) -> str:
        machine = self.host.machine
        kind = machine.kind if machine is not None else self.settings.kind
        _ = self.language.gettext
        words = {
            Kind.DEMO: _("Demonstration: no real money"),
            Kind.TEST: _("Test: no real money"),
        }
        return words.get(kind, "") if kind is not None else ""

    def _close_asked(self) -> None:
        if not self.window.fullscreen:
            self.close()

    def _callback_failed(self, _kind: Any, error: BaseException, _trace: Any) -> None:
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise error
        self.fault(error)
