"""Interface between a machine and its bank: local files or the bank's service.

`LocalBank` and `RemoteBank` implement it and do not inherit from it; `atm.opening` chooses one.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from atm.login.decision import Decision
from atm.login.login import CheckFace, Claim
from atm.people import StaffMember

if TYPE_CHECKING:
    from atm.card.cards import Cards
    from atm.enrolment.enrolment import Enrolments
    from atm.fleet.kiosk.enrolment import RemoteEnrolment
    from atm.fleet.kiosk.office import RemoteOffice
    from atm.fleet.kiosk.staff import RemoteStaff
    from atm.login.attended import AttendedLogins
    from atm.maintenance.import_plain import ImportReport
    from atm.ports import MachineLog
    from atm.settings import Settings
    from atm.staff.acts import Office
    from atm.staff.card_acts import CardActs
    from atm.staff.inactivity import Inactivity
    from atm.staff.registry import StaffRegistry
    from atm.stores import KioskStores
    from face_auth.models import ModelFiles


class Bank(Protocol):
    """Keeper of a machine's customers, their accounts and its staff."""

    @property
    def settings(self) -> Settings:
        """The settings in effect, with the face network that the data folder records."""
        ...

    @property
    def stores(self) -> KioskStores:
        """The machine's own stores: pause, camera, approval and log."""
        ...

    @property
    def models(self) -> ModelFiles:
        """The model files of this machine; what `check_approved` has checked is what they hold."""
        ...

    @property
    def audit(self) -> MachineLog:
        """The machine's log."""
        ...

    @property
    def staff(self) -> StaffRegistry | RemoteStaff:
        """The members of staff: sign-in and their own PINs."""
        ...

    @property
    def office(self) -> Office | RemoteOffice:
        """The acts of staff."""
        ...

    @property
    def enrolment(self) -> Enrolments | RemoteEnrolment:
        """Enrolment of new customers."""
        ...

    @property
    def has_customers(self) -> bool:
        """Whether any customer is enrolled, so that a login can succeed.

        Raises:
            CredentialError: If the records cannot be read.
        """
        ...

    def login(
        self, username: str, pin: str, check_face: CheckFace[Claim], *, more_s: float = 0.0
    ) -> Decision:
        """Check PIN and face at once and decide; see `atm.login.login.LoginFlow.login`."""
        ...

    @property
    def attended(self) -> AttendedLogins:
        """Logins without the face; FaceNeededError where they are not allowed."""
        ...

    @property
    def cards(self) -> Cards | None:
        """The cards of the customers; None where no card is asked of anybody."""
        ...

    @property
    def card_acts(self) -> CardActs:
        """Acts on customers' cards; NoCardsError where there are none."""
        ...

    @property
    def inactivity(self) -> Inactivity:
        """Accounts that are not used; KeptForeverError where they are not looked for."""
        ...

    def first_staff(self, name: str, pin: str, *, confirmed: str = "") -> StaffMember:
        """Add the first member of staff, and approve models and settings in that name."""
        ...

    def export(self, username: str, *, staff: StaffMember) -> dict[str, object]:
        """Return all data kept about a customer; see `atm.maintenance.export.export`."""
        ...

    def import_names(self, file: Path, *, staff: StaffMember) -> ImportReport:
        """Import the prototype's names as pending records; see `atm.maintenance.import_plain`."""
        ...

    def check_approved(self) -> None:
        """Check models and settings; NotApprovedError if they are not the approved ones."""
        ...

    def tidy(self) -> None:
        """Remove enrolments that a crash left unfinished."""
        ...

    def prepare(self) -> None:
        """Start slow preparations for the first customers, once the models are loaded."""
        ...

    def notes(self) -> tuple[str, ...]:
        """Return sentences for staff about the bank itself."""
        ...

    def close(self) -> None:
        """Close the log and release all resources."""
        ...
