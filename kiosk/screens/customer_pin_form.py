"""Base class of the two pages on which a customer, beside staff, chooses a PIN."""

from __future__ import annotations

from credentials.policy import check_pin
from kiosk.screens.form import Form
from kiosk.widgets.fields import Field


class CustomerPinForm(Form):
    """Two fields for the same PIN; `take` gets it once it is allowed and was typed twice."""

    def add_pins(self) -> None:
        """Add the two fields."""
        _ = self._
        self.add_fields(
            [
                (_("Your PIN"), "pin", _("4 to 12 digits that only you know.")),
                (_("Your PIN again"), "pin", _("The same digits.")),
            ]
        )

    def take(self, pin: str) -> None:
        """Go on with the chosen *pin*."""
        raise NotImplementedError

    def explanation(self) -> tuple[str, str]:
        """Return who types here."""
        _ = self._
        return (
            _("Now the customer, please"),
            _(
                "Choose your PIN yourself and cover the pad with your hand. "
                "Staff look away and never ask for it."
            ),
        )

    def enter_in(self, field: Field) -> None:
        """Judge the first PIN before the second one is typed."""
        if field is not self.fields[0] or self._judge():
            super().enter_in(field)

    def go_on(self) -> None:
        """Check both PINs and go on."""
        pin, again = self.fields
        if self._judge() and self.agree(pin, again):
            self.take(pin.text)

    def _judge(self) -> bool:
        return self.check(self.fields[0], check_pin, "pin")
