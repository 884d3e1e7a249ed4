"""Page that registers the camera, after which the machine accepts no other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kiosk.camera_pane.view import CameraView
from kiosk.screens.base import LivePage
from kiosk.screens.staff.staff_page import StaffPage
from kiosk.shell import Make, Shell
from kiosk.widgets import theme
from kiosk.widgets.buttons import Label, at
from kiosk.widgets.status_line import card
from kiosk.words import messages

if TYPE_CHECKING:
    from atm.people import StaffMember

_HIGH = 440


class RegisterCamera(LivePage, StaffPage):
    """Page with the live picture of the camera that would be registered."""

    def __init__(self, app: Shell, staff: StaffMember, back: Make) -> None:
        """Build the page for *staff*."""
        super().__init__(app)
        self.sign(staff, back)
        _ = self._
        self.head(_("Register this camera"))
        pane: Any = card(self, theme.LEFT_COLUMN, _HIGH)
        self.put(pane, theme.MARGIN, 160)
        inner = theme.LEFT_COLUMN - 64
        bold, body = self.fonts(theme.FIELD, "semibold"), self.fonts(theme.BODY)
        at(Label(pane, _("Is this its picture?"), bold, width=inner, height=40), 32, 32)
        words = _(
            "Once it is registered the machine takes this camera alone. With any other one "
            "nobody can log in until staff register it."
        )
        at(
            Label(
                pane, words, body, colour=theme.MUTED, width=inner, height=200, anchor="nw",
                wrap=True,
            ), 32, 88,
        )  # fmt: skip
        self.press = self.button(
            _("Register"), self._take, theme.MARGIN, 620, theme.LEFT_COLUMN,
            look="primary", height=theme.KEY, busy_when_disabled=True,
        )  # fmt: skip
        self.view = CameraView(
            self, self.fonts, app.host.latest,
            width=theme.RIGHT_COLUMN, height=_HIGH + 100, on_frame=lambda _frame: self.refresh(),
        )  # fmt: skip
        self.put(self.view, theme.RIGHT_X, 160)
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
