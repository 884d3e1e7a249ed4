"""Page of one customer: unlock, new PIN, face or card, movements, without the face, delete."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kiosk.layout import Grid
from kiosk.screens.staff.customer_card import CustomerCard
from kiosk.screens.staff.delete_with_money import DeleteWithMoney
from kiosk.screens.staff.excused_movements import ExcusedMovements
from kiosk.screens.staff.new_face import NewFace
from kiosk.screens.staff.new_pin import NewPin
from kiosk.screens.staff.second_signature import SecondSignature
from kiosk.screens.staff.staff_page import StaffPage, states
from kiosk.screens.staff.without_face import WithoutFace
from kiosk.shell import Make, Shell
from kiosk.widgets import theme
from kiosk.widgets.buttons import Tile
from kiosk.widgets.dialog import LINE_NAME, named
from kiosk.widgets.focus import Control
from kiosk.widgets.status_line import StatusLine
from kiosk.words.messages import Notice

if TYPE_CHECKING:
    from atm.people import Customer, Signatures, StaffMember


class CustomerPage(StaffPage):
    """Tiles with what staff can do for one customer."""

    def __init__(
        self, app: Shell, staff: StaffMember, customer: Customer, state: str, back: Make
    ) -> None:
        """Build the page of *customer*, who is in *state*; *back* makes the list they are in."""
        super().__init__(app)
        self.sign(staff, back)
        self._customer, self._state = customer, state
        self._again: Make = lambda app: CustomerPage(app, staff, customer, state, back)
        _ = self._
        line = self.add(StatusLine(self, self.fonts))
        line.say(states(_)[state][1], self._explained())
        enrolled = state != "pending"
        stopped = state in ("locked", "waiting")
        self.unlock = self._tile(_("Unlock"), _("after checking the document"), self._unlock)
        self.new_pin = self._tile(_("New PIN"), _("two staff; the customer types it"), self._pin)
        self.new_face = self._tile(_("New face"), _("two staff; account and PIN stay"), self._face)
        self.movements = self._tile(
            _("Movements left out"), _("two staff; what is never asked"), self._movements
        )
        self.without_face = self._tile(
            _("Without the face"), _("two staff; PIN beside staff"), self._without_face
        )
        self.without_face.shown = app.settings.without_face == "attended"
        self.card = self._tile(_("Card"), _("block it, or register a new one"), self._card)
        self.card.shown = app.machine.cards is not None
        self.delete = self._tile(_("Delete"), _("PIN, face and account, for ever"), self._delete)
        for tile, may in (
            (self.unlock, stopped), (self.new_pin, enrolled), (self.new_face, enrolled),
            (self.without_face, enrolled), (self.card, enrolled),
        ):  # fmt: skip
            tile.enable(may)
        self.lay(
            self.names(customer),
            line,
            Grid(
                self.unlock, self.new_pin, self.new_face, self.movements,
                self.without_face, self.card, self.delete,
                columns=2, gap=20, most=theme.TILE, grow=1,
            ),
        )  # fmt: skip

    def first_focus(self) -> Control | None:
        """Start with what can be done, but never with deleting."""
        tiles = (self.unlock, self.new_pin, self.new_face)
        return next((tile for tile in tiles if tile.enabled), None)

    def _explained(self) -> str:
        _ = self._
        return {
            "active": _("This customer can log in."),
            "locked": _("Locked after too many wrong tries, until staff unlock it."),
            "waiting": _("Waits after tries with another face; it ends by itself."),
            "pending": _("Imported and not enrolled yet: use Create New User."),
        }[self._state]

    def _tile(self, title: str, line: str, command: Callable[[], object]) -> Tile:
        tile: Tile = self.add(
            Tile(
                self, title, line, command, self.fonts,
                look="key", high=130, size=32, centred=False,
            )
        )  # fmt: skip
        return tile

    def _sign_then(self, what: str, then: Callable[[Signatures], object]) -> None:
        staff, again = self.staff, self._again
        self.app.show(lambda app: SecondSignature(app, staff, what, then, again))

    def _ask(
        self,
        question: str,
        line: str,
        yes: str,
        on_yes: Callable[[], object],
        danger: bool = False,
    ) -> None:
        full_name = self.fonts.fit(self._customer.full_name, self.fonts(theme.BODY), LINE_NAME)
        self.app.ask(
            title=named(self.fonts, question, self._customer.username),
            line=line.format(name=full_name), yes=yes, no=self._("No"), on_yes=on_yes,
            danger=danger,
        )  # fmt: skip

    def _unlock(self) -> None:
        _ = self._
        office, name, staff = self.app.machine.office, self._customer.username, self.staff
        self._ask(
            _("Unlock {name}?"), _("Was the identity document of {name} checked?"),
            _("Yes, unlock"),
            lambda: self.act(lambda: office.unlock(name, staff=staff), Notice.UNLOCKED),
        )  # fmt: skip

    def _pin(self) -> None:
        customer, app = self._customer, self.app
        self._sign_then(
            self._("New PIN"),
            lambda signed: app.show(lambda app: NewPin(app, signed, customer)),
        )

    def _face(self) -> None:
        customer, app = self._customer, self.app
        self._sign_then(
            self._("New face"),
            lambda signed: app.show(lambda app: NewFace(app, signed, customer)),
        )

    def _movements(self) -> None:
        staff, customer, again = self.staff, self._customer, self._again
        self.app.show(lambda app: ExcusedMovements(app, staff, customer, again))

    def _without_face(self) -> None:
        staff, customer, again = self.staff, self._customer, self._again
        self.app.show(lambda app: WithoutFace(app, staff, customer, again))

    def _card(self) -> None:
        staff, customer, again = self.staff, self._customer, self._again
        self.app.show(lambda app: CustomerCard(app, staff, customer, again))

    def _delete(self) -> None:
        _ = self._
        self._ask(
            _("Delete {name}?"), _("PIN, face and account of {name} go for ever."),
            _("Yes, delete"), self._erase, danger=True,
        )  # fmt: skip

    def _erase(self) -> None:
        office, name, staff = self.app.machine.office, self._customer.username, self.staff
        self.work(
            lambda _attempt: office.delete(name, staff=staff),
            done=lambda _none: self.app.go_home(Notice.DELETED),
            failed=self._not_erased,
        )

    def _not_erased(self, error: BaseException) -> None:
        balance = getattr(error, "balance_minor", None)
        if balance is None:
            self.problem(error)
            return
        staff, customer, again = self.staff, self._customer, self._again
        self.app.show(lambda app: DeleteWithMoney(app, staff, customer, balance, again))
