"""Create New User: "Save login details", five pictures, and the end of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kiosk import messages, theme
from kiosk.bars import ChipSpec, FootText, fit, measure
from kiosk.camera_view import CameraView
from kiosk.screens.base import Screen
from kiosk.screens.draft import Draft
from kiosk.screens.stepper import draw_steps
from kiosk.signs import StatusLine, card, disc, hair
from kiosk.widgets import Label, at
from kiosk.worker import Attempt

if TYPE_CHECKING:
    from atm.session import Customer
    from face_auth.camera import Frame
    from face_auth.enrolment import EnrolProgress
    from kiosk.app import App

WANTED = 5
_CARD_Y, _CARD_HEIGHT = 168, 440
_PANE_HEIGHT = 452
_ROW = 65


class FaceStep(Screen):
    """The camera beside what will be saved; saving and capturing are one press."""

    def __init__(self, app: App, draft: Draft) -> None:
        """Build the page for *draft*."""
        super().__init__(app)
        self._draft = draft
        self._saving: Attempt[Customer] | None = None
        self.taken = 0
        self._verdict = ""
        self._failed_with = ""
        _ = self._
        draw_steps(self, 3)
        self._summary()
        self.save = self.button(
            _("Save login details"), self._save, theme.MARGIN, 632, theme.LEFT_COLUMN,
            look="primary", busy_when_disabled=True,
        )  # fmt: skip
        self.view = CameraView(
            self, self.fonts, app.service.latest,
            width=theme.RIGHT_COLUMN, height=_PANE_HEIGHT, on_frame=self._frame,
        )  # fmt: skip
        self.put(self.view, theme.RIGHT_X, _CARD_Y)
        self.line = StatusLine(self, self.fonts, width=theme.RIGHT_COLUMN, weight="semibold")
        self.put(self.line, theme.RIGHT_X, 640)
        app.guide.watch(self._guided)
        self.later(1, self._prepare)
        self.refresh()

    def chips(self) -> Sequence[ChipSpec]:
        """Return the way back, until saving has begun, and the way out."""
        if self._saving is not None:
            return [self.cancel_chip()]
        return [ChipSpec(self._("Back"), self._back, symbol="back"), self.cancel_chip()]

    def foot(self) -> FootText:
        """Return how many pictures there are while they are taken."""
        if self._saving is None:
            return self.condition_text()
        text = self._("{done} of {wanted} pictures").format(done=self.taken, wanted=WANTED)
        return FootText(text, tone="", progress=(self.taken, WANTED))

    def cancel(self) -> None:
        """Break off; nothing is saved."""
        self.app.go_home(("info", self._("Nothing was stored.")))

    def refresh(self) -> None:
        """Say what to do now."""
        _ = self._
        ready = self.app.service.machine is not None and self.app.service.machine.ready
        seen = self.view.live
        self.save.enable(self._saving is None and ready and seen)
        if not seen:
            self.view.words(*self.no_picture(messages.RETRIED))
            lost = self.app.service.camera_lost
            sentence = messages.NO_CAMERA if lost else messages.WAIT
            self.line.say("warn" if lost else "hold", _(sentence))
        elif self._saving is not None:
            guidance = messages.GUIDANCE.get(self._verdict, messages.HOLD_STILL)
            self.line.say("hold", _(guidance))
        elif self._failed_with:
            self.line.say("bad", _(self._failed_with))
        elif not ready:
            self.line.say("hold", _(messages.WAIT))
        else:
            self.line.say("look", _(messages.GUIDANCE.get(self._verdict, messages.PRESS_SAVE)))

    def pause(self) -> None:
        """Show no picture that stands still."""
        self.view.freeze()

    def resume(self) -> None:
        """Look again."""
        self.view.resume()

    def _summary(self) -> None:
        _ = self._
        draft = self._draft
        pane: Any = card(self, theme.LEFT_COLUMN, _CARD_HEIGHT)
        self.put(pane, theme.MARGIN, _CARD_Y)
        inner = theme.LEFT_COLUMN - 64
        heading = self.fonts(theme.HEADING, "bold")
        at(Label(pane, _("New customer"), heading, width=inner, height=48), 32, 24)
        rows = [
            (_("Username"), draft.username),
            (_("Full name"), draft.full_name),
            (_("PIN"), "●" * 6),
            (_("Opening balance"), self.language.money(draft.opening_minor)),
        ]
        regular, strong = self.fonts(theme.BODY), self.fonts(theme.BODY, "semibold")
        width = max(200, *(measure(self, name, regular) + 10 for name, _value in rows))
        for number, (name, value) in enumerate(rows):
            y = 84 + number * _ROW
            at(hair(pane, inner), 32, y)
            at(Label(pane, name, regular, colour=theme.MUTED, width=width), 32, y + 15)
            room = inner - width - 8
            shown = fit(self, value, strong, room)
            at(Label(pane, shown, strong, width=room), 32 + width + 8, y + 15)
        y = 84 + len(rows) * _ROW
        at(hair(pane, inner), 32, y)
        at(
            Label(
                pane, _("PIN and face pictures are saved together, encrypted."), regular,
                colour=theme.MUTED, width=inner, height=68, anchor="nw", wrap=True,
            ), 32, y + 14,
        )  # fmt: skip

    def _prepare(self) -> None:
        prepare = self.view.preparation("ARCS", WANTED)
        self.work(lambda _attempt: prepare(), done=lambda _none: None)

    def _frame(self, frame: Frame | None) -> None:
        if frame is None:
            self._verdict = ""
            self.refresh()
        elif self._saving is None:
            self.app.guide.offer(frame)
            if not self.save.enabled:
                self.refresh()

    def _guided(self, verdict: str) -> None:
        self._verdict = verdict
        self.refresh()

    def _save(self) -> None:
        from kiosk.pane_picture import Marks, Ring

        self.taken, self._verdict, self._failed_with = 0, "", ""
        self.app.guide.pause(True)
        self.view.mark(Marks(Ring.ARCS, 0, WANTED))
        machine, draft, worker = self.app.machine, self._draft, self.app.worker
        application = draft.application()
        self._saving = self.work(
            lambda attempt: machine.enrol(
                application, staff=draft.staff, progress=worker.report(attempt),
                cancel=attempt.cancel,
            ),
            done=self._saved, failed=self._not_saved, progress=self._progress,
        )  # fmt: skip
        self.save.configure(text=self._("Taking pictures…"))
        self.app.redraw_bars()
        self.refresh()

    def _progress(self, progress: EnrolProgress) -> None:
        from kiosk.pane_picture import Marks, Ring

        self.app.idle.active()
        self._verdict = str(progress.verdict.value)
        if progress.taken != self.taken:
            self.taken = progress.taken
            self.view.mark(Marks(Ring.ARCS, self.taken, WANTED))
        self.app.window.foot.say(self.foot())
        self.refresh()

    def _saved(self, customer: Customer) -> None:
        self._draft.pin = ""
        self.app.show(lambda app: Saved(app, customer))

    def _not_saved(self, error: BaseException) -> None:
        from kiosk.pane_picture import Marks, Ring

        sentence = messages.enrolment_error(error)
        if sentence == messages.FAULT:
            self.app.fault(error)
            return
        if sentence == messages.TAKEN:
            self._back()
            return
        self._saving = None
        self._failed_with = sentence
        self._verdict = ""
        self.view.mark(Marks(Ring.REFUSED))
        self.app.guide.pause(False)
        self.save.configure(text=self._("Save login details"))
        self.app.redraw_bars()
        self.refresh()
        self.save.take_focus()

    def _back(self) -> None:
        from kiosk.screens.details import Details

        draft = self._draft
        self.app.show(lambda app: Details(app, draft))


class Saved(Screen):
    """The new customer can log in."""

    def __init__(self, app: App, customer: Customer) -> None:
        """Build the page for *customer*."""
        super().__init__(app)
        _ = self._
        draw_steps(self, 5)
        wide = 760
        left = (theme.PAGE_WIDTH - wide) // 2
        pane: Any = card(self, wide, 372)
        self.put(pane, left, 200)
        at(disc(pane, "check", theme.OK, theme.OK_SOFT), (wide - 96) // 2, 44)
        heading, body = self.fonts(theme.HEADING, "bold"), self.fonts(theme.BODY)
        title = _("{name} can log in now.")
        name_room = wide - 64 - measure(self, title.format(name=""), heading)
        title = title.format(name=fit(self, customer.full_name, heading, name_room))
        at(Label(pane, title, heading, width=wide - 64, height=48, anchor="center"), 32, 164)
        lines = (
            _("The username is {username}.").format(
                username=fit(self, customer.username, body, 420)
            ),
            _("PIN and face are both needed from now on."),
        )
        for number, text in enumerate(lines):
            made = Label(
                pane, text, body, colour=theme.MUTED, width=wide - 64, height=36, anchor="center"
            )
            at(made, 32, 228 + number * 42)
        self.button(_("Finish"), app.go_home, left, 620, wide, look="primary", height=theme.KEY)

    def chips(self) -> Sequence[ChipSpec]:
        """There is one way on."""
        return []
