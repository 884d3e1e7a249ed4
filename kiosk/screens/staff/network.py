"""Pages that change the face network: what it means, two signatures, progress, result."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from kiosk.layout import Reflow, Space
from kiosk.screens.staff.second_signature import SecondSignature
from kiosk.screens.staff.staff_page import Result, StaffPage
from kiosk.screens.staff.terms import Terms
from kiosk.shell import Make, Shell
from kiosk.widgets import theme
from kiosk.widgets.focus import Control
from kiosk.widgets.lists import Entry, ListView
from kiosk.widgets.status_line import StatusLine
from kiosk.widgets.top_bar import Chip, StatusText

if TYPE_CHECKING:
    from atm.maintenance.rebuild import Rebuild
    from atm.people import Signatures, StaffMember

_NAMES = 4
"""Usernames that the last page has room for; the page before it lists all."""


class ChangeNetwork(StaffPage):
    """Says what a change of the network means; then terms, if any, and a second signature."""

    def __init__(
        self, app: Shell, staff: StaffMember, old: str, new: str, terms: str, back: Make
    ) -> None:
        """Build the page for *staff*; *old* and *new* are the networks' names, *terms* new's."""
        super().__init__(app)
        self.sign(staff, back)
        self._old, self._new, self._terms, self._again = old, new, terms, back
        _ = self._
        keep = _("Keep {name}").format(name=old)
        buttons = [
            self.button(keep, self.back, look="primary", grow=1),
            self.button(_("Second signature"), self._sign, grow=1),
        ]
        self.lay_message(
            ("info", theme.PRIMARY, theme.SOFT),
            _("Face network: from {old} to {new}?").format(old=old, new=new),
            _(
                "Every customer's face data are made again from the pictures that were kept, "
                "encrypted, at the enrolment. No customer has to come."
            ),
            _(
                "Nobody can log in until it is done: about a second for each customer. "
                "If the power fails, the kiosk goes on with one network or the other, complete."
            ),
            buttons=buttons,
        )

    def _sign(self) -> None:
        staff, old, new, again = self.staff, self._old, self._new, self._again
        terms = self._terms
        what = self._("Face network: {name}").format(name=new)

        def second(app: Shell) -> SecondSignature:
            def signed(both: Signatures) -> None:
                Change(app, both, old, new, terms).start()

            return SecondSignature(app, staff, what, signed, again)

        self.app.show((lambda app: Terms(app, terms, second)) if terms else second)


class Change:
    """One change of the network: the machine is closed, and opened again afterwards."""

    def __init__(
        self, app: Shell, signed: Signatures, old: str, new: str, confirmed: str = ""
    ) -> None:
        """Change nothing yet; *signed* answer for it, and *confirmed* the terms."""
        self.app, self.signed, self.old, self.new = app, signed, old, new
        self._confirmed = confirmed
        self.done, self.of = 0, 0
        self._answered = threading.Event()
        self._goes_on = False

    def start(self) -> None:
        """Close the machine and make every template again, on a worker."""
        self.app.show(lambda app: Rebuilding(app, self))
        self.app.host.open(first=partial(self._work, self.app.settings))

    def answer(self, goes_on: bool) -> None:
        """Go on although some customers need a new face, or keep the old network; once."""
        if not self._answered.is_set():
            self._goes_on = goes_on
            self._answered.set()

    def _work(self, settings: Any) -> None:
        from atm.maintenance.rebuild import rebuild_closed

        post = self.app.worker.post
        try:
            found: Any = rebuild_closed(
                settings, self.new, self.signed, confirmed=self._confirmed, confirm=self._ask,
                progress=lambda done, of: post(partial(self._progress, done, of)),
            )  # fmt: skip
        except Exception as error:  # the machine is opened again whatever happened
            found = error
        post(partial(self._ended, found))

    def _ask(self, left: Sequence[str]) -> bool:
        """Ask staff, on the worker; whoever leaves the page keeps the old network."""
        self.app.worker.post(partial(self._show_left, left))
        self._answered.wait()
        return self._goes_on

    # On the Tk thread.

    def _progress(self, done: int, of: int) -> None:
        self.done, self.of = done, of
        if isinstance(self.app.screen, Rebuilding):
            self.app.idle.touched()
            self.app.screen.refresh()

    def _show_left(self, left: Sequence[str]) -> None:
        if isinstance(self.app.screen, Rebuilding):
            self.app.show(lambda app: LeftOut(app, self, left))
        else:  # staff are not there any more
            self.answer(False)

    def _ended(self, found: Rebuild | BaseException) -> None:
        if not isinstance(self.app.screen, Rebuilding):
            return
        self.app.idle.touched()
        if isinstance(found, BaseException):
            self.app.when_open(partial(self.app.screen.problem, found))
        else:
            self.app.when_open(lambda: self.app.show(partial(self._result, found)))

    def _result(self, found: Rebuild, app: Shell) -> Result:
        _, staff = app.language.gettext, self.signed.first
        if not found.done:
            kept = _("{name} recognises people as before.").format(name=self.old)
            return Result(app, staff, _("Nothing was changed."), kept)
        made = app.language.ngettext(
            "{n} customer's face data were made again.",
            "{n} customers' face data were made again.",
            found.made,
        )
        if found.left:
            names = ", ".join(found.left[:_NAMES]) + (", …" if found.left[_NAMES:] else "")
            made += " " + _("A new face is needed by: {names}").format(names=names)
        title = _("{name} recognises people now.").format(name=self.new)
        return Result(app, staff, title, made, well=not found.left)


class Rebuilding(StaffPage):
    """Shows how many templates are made; there is no way out before the end."""

    def __init__(self, app: Shell, change: Change) -> None:
        """Build the page for *change*."""
        super().__init__(app)
        self.sign(change.signed.first)
        self._change = change
        self.line = self.add(StatusLine(self, self.fonts))
        head = self.heading(self._("The face data are made again"))
        self.lay(Space(grow=1), head, self.line, Space(grow=1))
        self.refresh()

    def chips(self) -> Sequence[Chip]:
        """Return none: the machine is closed."""
        return []

    def cancel(self) -> None:
        """Stay: the change goes on."""

    def refresh(self) -> None:
        """Say how far it is."""
        change = self._change
        if not change.of:
            self.line.say("hold", self._("One moment, please"))
            return
        words = self._("{done} of {of} customers").format(done=change.done, of=change.of)
        self.line.say("hold", words)

    def status(self) -> StatusText:
        """Return how far it is, as a bar."""
        change = self._change
        text = self._("Nobody can log in now.")
        if not change.of:
            return StatusText(text, "warn")
        return StatusText(text, "warn", progress=(change.done, change.of))


class LeftOut(StaffPage):
    """Lists the customers who would need a new face, and asks whether to go on."""

    def __init__(self, app: Shell, change: Change, left: Sequence[str]) -> None:
        """Build the page for *change* and the usernames *left*."""
        super().__init__(app)
        self.sign(change.signed.first)
        self._change = change
        _ = self._
        self.listing = ListView(self, self.fonts, empty="")
        self.listing.show([Entry(name) for name in left])
        explained = _(
            "Their pictures do not serve {new}. If you go on, they cannot log in until two members "
            "of staff give them a new face."
        ).format(new=change.new)
        keep = _("Keep {name}").format(name=change.old)
        self.keep = self.button(keep, lambda: self._answer(False), look="primary", grow=1)
        self.go_on = self.button(_("Continue"), lambda: self._answer(True), grow=1)
        self.lay(
            self.heading(_("These customers will need a new face")),
            self.listing,
            self.words(explained, colour=theme.MUTED, anchor="nw"),
            Reflow(self.keep, self.go_on, gap=24),
        )

    def chips(self) -> Sequence[Chip]:
        """Return none: one of the two must be chosen."""
        return []

    def stops(self) -> Sequence[Control]:
        """Return the buttons that turn the pages, then the two answers."""
        return [*self.listing.controls, *self.controls]

    def first_focus(self) -> Control | None:
        """Start with what changes nothing."""
        return self.keep

    def cancel(self) -> None:
        """Keep the old network, on Escape."""
        self._answer(False)

    def destroy(self) -> None:
        """Keep the old network if nobody answered."""
        self._change.answer(False)
        super().destroy()

    def _answer(self, goes_on: bool) -> None:
        change = self._change
        change.answer(goes_on)
        self.app.show(lambda app: Rebuilding(app, change))
