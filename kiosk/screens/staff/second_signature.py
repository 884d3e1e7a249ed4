"""Page where a second member of staff signs what one alone may not do."""

from __future__ import annotations

from collections.abc import Callable

from atm.people import SecondSignatureError, Signatures, StaffMember
from kiosk.screens.staff.sign_in import StaffSignIn
from kiosk.screens.staff.staff_page import StaffPage
from kiosk.shell import Make, Shell
from kiosk.widgets.labels import Label
from kiosk.words import messages


class SecondSignature(StaffPage, StaffSignIn):
    """Name and PIN of another member of staff; home after three wrong tries."""

    action = messages.N_("Sign")

    def __init__(
        self,
        app: Shell,
        first: StaffMember,
        what: str,
        then: Callable[[Signatures], object],
        back: Make,
        *,
        danger: bool = False,
    ) -> None:
        """Build the page.

        Args:
            app: The kiosk.
            first: Who is signed in.
            what: What is signed, in a few words.
            then: Called with both signatures.
            back: Makes the page before this one.
            danger: Whether something is destroyed: the button is red then.
        """
        self._what = what
        self._go_on = then
        self.sign(first, back)
        self.action_look = "danger" if danger else "primary"
        super().__init__(app, self.signed)

    def prepare(self) -> Label:
        """Add the two fields; returns the heading."""
        _ = self._
        self.add_fields(
            [
                (_("Name"), "text", _("Another person than {name}.").format(name=self.staff.name)),
                (_("Staff PIN"), "pin", _("6 to 12 digits.")),
            ]
        )
        return self.heading(_("A second member of staff signs"))

    def explanation(self) -> tuple[str, str]:
        """Return what is signed."""
        return self._what, self._(
            "Two members of staff answer for this. The second one types here; the other looks away."
        )

    def signed(self, member: StaffMember) -> None:
        """Go on with both signatures, if they are two people's."""
        try:
            both = Signatures(self.staff, member)
        except SecondSignatureError:
            self.busy(False)
            for field in self.fields:
                field.clear()
            self.complain(self.fields[0], self._("Another person must sign."))
            return
        self._go_on(both)
