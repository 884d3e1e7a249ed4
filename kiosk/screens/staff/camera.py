"""Page that registers the camera, after which the machine accepts no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kiosk.camera_pane.view import CameraView
from kiosk.layout import Column, Either, Reflow, Space
from kiosk.screens.live_page import LivePage
from kiosk.screens.staff.staff_page import StaffPage
from kiosk.shell import Make, Shell
from kiosk.widgets import theme
from kiosk.widgets.status_line import Pane, card
from kiosk.words import messages

if TYPE_CHECKING:
    from atm.people import StaffMember


class RegisterCamera(LivePage, StaffPage):
    """Page with the live picture of the camera that would be registered."""

    def __init__(self, app: Shell, staff: StaffMember, back: Make) -> None:
        """Build the page for *staff*."""
        super().__init__(app)
        self.sign(staff, back)
        _ = self._
        pane = Pane(self)
        words = _(
            "Once it is registered the machine takes this camera alone. With any other one "
            "nobody can log in until staff register it."
        )
        told = card(
            pane,
            self.words(_("Is this its picture?"), size=theme.FIELD, weight="semibold", on=pane),
            self.words(words, colour=theme.MUTED, anchor="nw", on=pane),
        )
        self.press = self.button(_("Register"), self._take, look="primary", busy_when_disabled=True)
        self.view = CameraView(
            self, self.fonts, app.host.latest, on_frame=lambda _frame: self.refresh()
        )
        self.lay(
            self.heading(_("Register this camera")),
            Either(
                Reflow(
                    Column(told, Space(grow=1), self.press, least=theme.COLUMN, grow=5),
                    Column(self.view, least=theme.COLUMN, grow=6),
                    gap=theme.COLUMN_GAP,
                ),
                Column(self.view, told, self.press),
                self.room,
            ),
        )  # fmt: skip
        self._busy = False
        self.refresh()

    def refresh(self) -> None:
        """Offer the registration while there is a picture."""
        if not self.view.live:
            self.view.words(*self.no_picture(messages.RETRIED))
        self.press.enable(self.view.live and not self._busy)

    def _take(self) -> None:
        self._busy = True
        self.refresh()
        machine, staff = self.app.machine, self.staff
        self.act(
            lambda: machine.register_camera(staff=staff),
            messages.Notice.CAMERA,
        )
