"""Page for the movements that a login will not ask of the new customer."""

from __future__ import annotations

from kiosk.screens.enrolment.draft import Draft
from kiosk.screens.staff.excused_movements import Movements
from kiosk.shell import Make, Shell


class DraftMovements(Movements):
    """Excused movements of a draft; they are saved with the customer."""

    def __init__(self, app: Shell, draft: Draft, back: Make) -> None:
        """Build the page for *draft*."""
        super().__init__(app, draft.staff, draft.username, back)
        self._draft = draft
        self.start(draft.excused)

    def keep(self, excused: list[str]) -> None:
        """Note it in the draft and go back to the pictures."""
        self._draft.excused = tuple(excused)
        self.back()
