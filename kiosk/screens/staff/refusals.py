"""List of the last refused logins: when, who, why, and what staff can do about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from atm.card.result import CardReason
from atm.login.decision import Outcome, PinReason
from face_auth.types import MOSTLY, Verdict
from kiosk.screens.staff.staff_page import StaffPage
from kiosk.shell import Make, Shell
from kiosk.widgets.focus import Control
from kiosk.widgets.lists import Entry, ListView
from kiosk.words import messages

if TYPE_CHECKING:
    from atm.people import StaffMember
    from atm.staff.refusals import Refusal

LAST = 20


class Refusals(StaffPage):
    """List of refusals with their reasons, which customers are never told."""

    def __init__(self, app: Shell, staff: StaffMember, back: Make) -> None:
        """Build the page for *staff*; the log is read on a worker, which the log notes."""
        super().__init__(app)
        self.sign(staff, back)
        self.listing = ListView(
            self, self.fonts, empty=self._("Nobody was refused lately."), title_width=0
        )
        self.lay(self.heading(self._("Last refusals")), self.listing)
        office = app.machine.office
        self.work(
            lambda _attempt: office.refusals(LAST, staff=staff),
            done=self._found,
            failed=self.problem,
        )

    def stops(self) -> Sequence[Control]:
        """Return the buttons that turn the pages."""
        return self.listing.controls

    def _found(self, found: list[Refusal]) -> None:
        unknown = self._("unknown name")
        self.listing.show(
            [
                Entry(
                    f"{self.language.day_and_time(each.at)} · {each.username or unknown}",
                    f"{reasons_in_words(each.reasons, self._)}\n{what_to_do(each.reasons, self._)}",
                    f"× {each.times}" if each.times > 1 else "",
                )
                for each in found
            ]
        )


def reasons_in_words(reasons: Sequence[str], _: Callable[[str], str]) -> str:
    """Return why somebody was refused, for staff.

    Args:
        reasons: The log's codes, each perhaps after "pin: " or "face: "; what is not known here
            is returned as it is.
        _: Translates.
    """
    words: dict[str, str] = {
        PinReason.RIGHT: _("right PIN"),
        PinReason.WRONG: _("wrong PIN"),
        "match": _("right face"),
        "no_match": _("another face"),
        "attack_suspected": _("picture or screen suspected"),
        PinReason.LOCKED: _("locked"),
        PinReason.WAITING: _("waiting"),
        PinReason.UNKNOWN: _("unknown name"),
        PinReason.PENDING: _("not enrolled"),
        Outcome.PAUSED: _("machine paused"),
        "late": _("too late"),
        "no_answer": _("no answer in time"),
        "not_judged": _("not checked"),
        "suspected_fraud": _("suspected fraud"),
        "NoFaceError": _("no face seen"),
        "no_face_in_time": _("too few good pictures"),
        "not_one_person": _("more than one person"),
        "not_live": _("movements not made"),
        "duplicate_face": _("another customer's face"),
        "camera_lost": _("camera failed"),
        "TooFewPicturesError": _("too few pictures: machine too slow"),
        "CameraError": _("camera failed"),
        CardReason.RIGHT: _("right card"),
        CardReason.NOT_NEEDED: _("no card needed"),
        CardReason.MISSING: _("no card registered"),
        CardReason.BLOCKED: _("card blocked"),
        CardReason.NONE: _("no card"),
        CardReason.TWO: _("two cards"),
        CardReason.REMOVED: _("card taken out"),
        CardReason.OTHER: _("another card"),
        CardReason.REFUSED: _("card does not work"),
        CardReason.FALSE: _("false card suspected"),
        CardReason.SET_BACK: _("copied card suspected"),
        "ReaderError": _("card reader failed"),
    }
    said = []
    for reason in reasons:
        code = _code(reason)
        if code.startswith(MOSTLY):
            said.append(_(messages.GUIDANCE[Verdict(code.removeprefix(MOSTLY))]))
        else:
            said.append(words.get(code.split(":")[0], code))
    return ", ".join(dict.fromkeys(said))


def _code(reason: str) -> str:
    """Return the log's code without the factor that it is about."""
    return reason.removeprefix("pin: ").removeprefix("face: ").removeprefix("card: ")


def what_to_do(reasons: Sequence[str], _: Callable[[str], str]) -> str:
    """Return what staff can do about a refusal with these codes; see `reasons_in_words`."""
    codes = {_code(each).split(":")[0] for each in reasons}
    advice: list[tuple[set[str], str]] = [
        (
            {"attack_suspected", "suspected_fraud", CardReason.FALSE, CardReason.SET_BACK},
            _("Find out who stood there, and tell your security."),
        ),
        (
            {"duplicate_face"},
            _("Ask for the identity documents of both customers."),
        ),
        (
            {str(PinReason.LOCKED), str(PinReason.WAITING)},
            _("Check the identity document, then unlock under Customers."),
        ),
        ({str(PinReason.PENDING)}, _("Enrol the customer: Create New User.")),
        ({str(PinReason.UNKNOWN)}, _("Help to find the username under Customers.")),
        ({str(Outcome.PAUSED)}, _("Wait: the pause ends by itself.")),
        ({"camera_lost", "CameraError"}, _("Look at the camera, its cable and Health.")),
        ({"TooFewPicturesError"}, _("Look at Health: the machine is too slow.")),
        (
            {str(CardReason.MISSING), str(CardReason.BLOCKED)},
            _("Two register another card, by the command atm card replace."),
        ),
        (
            {CardReason.NONE, CardReason.TWO, CardReason.REMOVED, CardReason.OTHER},
            _("The customer's own card, and no other, must stay in the reader."),
        ),
        ({"ReaderError"}, _("Look at the card reader, its cable and Health.")),
        ({"not_live"}, _("Explain the arrows; a movement can be left out.")),
        (
            {"no_match"},
            _("If it was the customer, give a new face; if not, a new PIN."),
        ),
        ({str(PinReason.WRONG)}, _("If it is forgotten, give a new PIN.")),
    ]  # fmt: skip
    for those, sentence in advice:
        if codes & those:
            return sentence
    return _("Show where to stand: alone, with light from the front, and try again.")
