"""Messages: the sentence, in English, for each result and error; the window translates it.

A page that the public sees shows these sentences and no others: never the text of an error, which
may name a file, a person or a cause. Nothing here says which factor failed. Sentences under the
camera have at most eight words.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import Enum

from atm.accounts.accounts import (
    DayLimitError,
    InsufficientFundsError,
    InvalidAmountError,
    NotAMultipleError,
)
from atm.accounts.money import AmountError
from atm.accounts.session import ReturnedError
from atm.login.decision import Outcome
from atm.receipts import Hindrance
from credentials.errors import DuplicateUserError
from credentials.policy import PolicyError
from face_auth.types import Verdict
from kiosk.words.language import Language


def N_(message: str) -> str:
    """Mark *message* for translation and return it as it is."""
    return message


LOGIN = {
    Outcome.REFUSED: N_("Not admitted. Check your name and PIN, then try again."),
    Outcome.NO_FACE: N_("We could not see your face. Move it into the oval and try again."),
    Outcome.FAULT: N_("Service not available. Ask staff."),
    Outcome.PAUSED: "Paused after too many refusals. Try again in {n} seconds, or ask staff.",
}
"""The only things a customer is told after the press."""

REFUSED_AGAIN = N_("If refused again, ask staff.")
"""What goes with `Outcome.REFUSED` once the wait of `refused_again` is over."""

FAULT = LOGIN[Outcome.FAULT]

GUIDANCE = {
    Verdict.NO_FACE: N_("Place your face in the oval"),
    Verdict.SEVERAL: N_("Only one person, please"),
    Verdict.TOO_FAR: N_("Come a little closer"),
    Verdict.TOO_NEAR: N_("Step back a little"),
    Verdict.OFF_CENTRE: N_("Move your face into the oval"),
    Verdict.TOO_DARK: N_("Turn your face towards the light"),
    Verdict.TOO_BRIGHT: N_("Turn away from the bright light"),
    Verdict.BLURRED: N_("Hold still, please"),
    Verdict.TURNED: N_("Look straight at the camera"),
    Verdict.COVERED: N_("Uncover your face"),
    Verdict.HOLD_STILL: N_("Hold still, please"),
    Verdict.MOVE: N_("Move your head a little"),
}
"""What to do about each verdict but `OK`."""

WAIT = N_("One moment, please")
TYPE_NAME = N_("Type your username.")
TYPE_PIN = N_("Type your PIN")
PRESS_LOGIN = N_("Look at the camera and press Login")
PRESS_SAVE = N_("Look at the camera, then press Save")
HOLD_STILL = N_("Hold still and look at the camera")
TURN = N_("Turn your head towards the arrow")
NOD_UP = N_("Nod up, towards the arrows")
NOD_DOWN = N_("Nod down, towards the arrows")
TURN_A_LITTLE = N_("Turn a little towards the arrow")
NOD_A_LITTLE = N_("Nod a little towards the arrows")
COME_CLOSER = GUIDANCE[Verdict.TOO_FAR]
NO_CAMERA = N_("The camera does not answer. Ask staff.")
OUT = N_("Out of service. Please ask staff.")
DETAILS_IN_LOG = N_("Staff cannot sign in here now. The log has the details.")
CAMERA_PROBLEMS = (
    N_("Camera changed. Ask staff."),
    N_("Camera not registered. Ask staff."),
    N_("Two members of staff must still approve this kiosk. Ask staff."),
)
SILENT = N_("The camera does not answer.")
ASK = N_("Please ask staff.")
RETRIED = N_("It is tried again every second.")
UNKNOWN_VERDICT = N_("Look at the camera")

UNDER_CAMERA = (
    *GUIDANCE.values(),
    WAIT,
    TYPE_PIN,
    PRESS_LOGIN,
    PRESS_SAVE,
    HOLD_STILL,
    TURN,
    NOD_UP,
    NOD_DOWN,
    TURN_A_LITTLE,
    NOD_A_LITTLE,
    NO_CAMERA,
    UNKNOWN_VERDICT,
)

ENROLMENT = {
    "no_face_in_time": N_("Too few good pictures. Press Save again."),
    "not_one_person": N_("More than one person. Press Save again."),
    "not_live": N_("Follow the arrows yourself. Press Save again."),
    "camera_lost": N_("The camera stopped. Press Save again."),
    "cancelled": N_("Nothing was saved."),
    "duplicate_face": N_("This face is another customer's. Nothing was saved."),
    "card": N_("Card not registered. Check it. Press Save again."),
}
"""Why an enrolment saved nothing, by the error's code."""

TOO_FEW = {
    Verdict.NO_FACE: N_("Face into the oval. Press Save again."),
    Verdict.SEVERAL: N_("Only one person, please. Press Save again."),
    Verdict.TOO_FAR: N_("Come a little closer. Press Save again."),
    Verdict.TOO_NEAR: N_("Step back a little. Press Save again."),
    Verdict.OFF_CENTRE: N_("Face into the oval. Press Save again."),
    Verdict.TOO_DARK: N_("Turn towards the light. Press Save again."),
    Verdict.TOO_BRIGHT: N_("Turn away from the light. Press Save again."),
    Verdict.BLURRED: N_("Hold still, please. Press Save again."),
    Verdict.TURNED: N_("Look at the camera. Press Save again."),
    Verdict.COVERED: N_("Uncover your face. Press Save again."),
    Verdict.HOLD_STILL: N_("Hold still, please. Press Save again."),
    Verdict.MOVE: N_("Move your head a little. Press Save again."),
}
"""Why an enrolment got too few good pictures, by what was wrong with most of them."""

NOT_LIVE_UNASKED = N_("Look at the camera yourself. Press Save again.")
"""The same where no arrows are shown."""

WEAK = {
    "weak_date": N_("This PIN is a date. Choose another."),
    "weak_repeat": N_("This PIN repeats itself. Choose another."),
    "weak_run": N_("This PIN counts up or down. Choose another."),
    "weak_shape": N_("This PIN draws a shape on the keys. Choose another."),
    "weak_common": N_("Too many people have this PIN. Choose another."),
}
"""Why a PIN is too easy to guess, by the error's code."""

POLICY = {
    "username": {
        "empty": N_("Type a username."),
        "too_long": N_("A username has at most 64 characters."),
        "control": N_("A username has no invisible characters."),
    },
    "name": {
        "empty": N_("Type a name."),
        "too_long": N_("This name is too long."),
        "control": N_("A name has no invisible characters."),
    },
    "pin": {
        "empty": N_("Type a PIN."),
        "bad_length": N_("A PIN has 4 to 12 digits."),
        "not_digits": N_("A PIN has digits only."),
        **WEAK,
    },
    "staff_pin": {
        "empty": N_("Type a PIN."),
        "bad_length": N_("A staff PIN has 6 to 12 digits."),
        "not_digits": N_("A PIN has digits only."),
        **WEAK,
    },
}
"""What is wrong with a field, by what it holds and the error's code."""

AMOUNT = {
    "empty": N_("Type an amount."),
    "not_a_number": N_("This is not an amount."),
    "negative": N_("The amount must be more than zero."),
    "too_many_decimals": N_("Too many decimals."),
    "ambiguous": N_("Type it without separators."),
    "too_large": N_("This amount is too large."),
}

NOT_DONE = N_("It was not done.")
NOT_CHANGED = N_("PIN not changed. Type the old one again, or ask staff.")
TAKEN = N_("This username is taken.")
PINS_DIFFER = N_("The two PINs differ. Type both again.")
SIGN_IN_REFUSED = N_("Name or PIN is wrong, or this name has to wait.")
MORE_THAN_BALANCE = N_("This is more than your balance.")
DAY_LIMIT = N_("Today you can still withdraw {amount}.")
NO_MORE_TODAY = N_("You have reached today's limit.")
MULTIPLE = N_("Choose a multiple of {amount}.")
RETURNED = N_("No money came out; nothing was taken.")
LOOK_FOR_MONEY = N_("Turn to the camera, then choose again.")
NOT_POSITIVE = AMOUNT["negative"]
NO_RECEIPT = {
    Hindrance.PAPER: N_("No receipt: the printer has no paper. Please note the reference."),
    Hindrance.COVER: N_("No receipt: the printer is open. Please note the reference."),
    Hindrance.NO_ANSWER: N_("No receipt: the printer does not answer. Please note the reference."),
}


class Notice(Enum):
    """Notices of the home page: a tone, and a sentence in English.

    Everybody reads it, so it names nobody.
    """

    FAULT = ("bad", FAULT)
    NOT_SERVED = ("bad", N_("Not admitted. Ask staff to begin again."))
    SIGN_IN_REFUSED = ("bad", SIGN_IN_REFUSED)
    DUPLICATE_FACE = ("bad", ENROLMENT["duplicate_face"])
    NOTHING_STORED = ("info", N_("Nothing was stored."))
    SIGNED_OUT = ("info", N_("Staff were signed out: nothing was touched."))
    UNLOCKED = ("ok", N_("The customer can log in again."))
    DELETED = ("ok", N_("The customer is deleted."))
    NEW_PIN = ("ok", N_("The new PIN is saved. The old one is no longer valid."))
    NEW_FACE = ("ok", N_("The new face is saved. The old one is erased."))
    EXCUSED = ("ok", N_("The movements left out are saved."))
    WITHOUT_FACE = ("ok", N_("The customer may be served without the face."))
    FACE_AGAIN = ("ok", N_("The customer needs the face again."))
    CARD_BLOCKED = ("ok", N_("The card is blocked."))
    NEW_CARD = ("ok", N_("The new card is registered. The old one is no longer valid."))
    SETTLED = ("ok", N_("The withdrawal is settled."))
    CAMERA = ("ok", N_("This camera is registered. No other one is taken."))
    STAFF_ADDED = ("ok", N_("The new member of staff can sign in."))
    STAFF_UNLOCKED = ("ok", N_("The member of staff can sign in again."))
    STAFF_REMOVED = ("ok", N_("The member of staff is removed."))

    def __init__(self, tone: str, sentence: str) -> None:
        """Keep both."""
        self.tone = tone
        self.sentence = sentence


def refusal(outcome: Outcome, pause_s: float, language: Language) -> str:
    """Return the sentence for a customer whose attempt was not granted.

    Args:
        outcome: Of the attempt; none is granted here.
        pause_s: How long this machine still pauses, where it does.
        language: The customer's.
    """
    if outcome is Outcome.PAUSED:
        return language.ngettext(
            "Paused after too many refusals. Try again in {n} second, or ask staff.",
            "Paused after too many refusals. Try again in {n} seconds, or ask staff.",
            max(1, math.ceil(pause_s)),
        )
    return language.gettext(LOGIN.get(outcome, FAULT))


def refused_again(wait_s: int, language: Language) -> str:
    """Return what to do where a refusal repeats itself; *wait_s* counts down to 0.

    Every refused customer reads the same, whether or not the account waits.
    """
    if not wait_s:
        return language.gettext(REFUSED_AGAIN)
    return language.ngettext(
        "If refused again, wait {n} second, or ask staff.",
        "If refused again, wait {n} seconds, or ask staff.",
        wait_s,
    )


def guidance(verdict: Verdict | None, otherwise: str) -> str:
    """Return what to do about *verdict*, in English; *otherwise* where nothing is wrong."""
    return otherwise if verdict is None else GUIDANCE.get(verdict, otherwise)


def field_error(error: Exception, what: str, language: Language) -> str | None:
    """Return the sentence for *error* about the field that holds *what*.

    Args:
        error: What checking the field raised.
        what: `username`, `name`, `pin`, `staff_pin` or `amount`.
        language: The customer's.

    Returns:
        None where *error* is not about what was typed.
    """
    message: str | None = None
    if isinstance(error, DuplicateUserError):
        message = TAKEN
    elif isinstance(error, PolicyError):
        message = POLICY.get(what, {}).get(error.code)
    elif isinstance(error, AmountError):
        message = AMOUNT.get(error.code)
    return language.gettext(message) if message else None


def withdrawal_error(error: BaseException, smallest_minor: int, language: Language) -> str:
    """Return the sentence for a withdrawal that failed.

    Args:
        error: What the session raised; `HeldError` has a page of its own.
        smallest_minor: The smallest note, in minor units.
        language: The customer's.
    """
    _ = language.gettext
    if isinstance(error, InsufficientFundsError):
        return _(MORE_THAN_BALANCE)
    if isinstance(error, DayLimitError):
        left = int(error.remaining_minor)
        return _(DAY_LIMIT).format(amount=language.notes(left)) if left > 0 else _(NO_MORE_TODAY)
    if isinstance(error, NotAMultipleError):
        return _(MULTIPLE).format(amount=language.notes(smallest_minor))
    if isinstance(error, InvalidAmountError):
        return _(NOT_POSITIVE)
    if isinstance(error, ReturnedError):
        return _(RETURNED)
    return _(FAULT)


def enrolment_error(error: BaseException) -> str:
    """Return the sentence, in English, for an enrolment that saved nothing."""
    if isinstance(error, DuplicateUserError):
        return TAKEN
    hindrance = getattr(error, "hindrance", None)
    if hindrance is not None:
        return TOO_FEW[hindrance.verdict]
    return ENROLMENT.get(getattr(error, "code", ""), FAULT)


def put_card_in(required: bool, _: Callable[[str], str]) -> str:
    """Return what to do with the card before the name, where cards are asked for."""
    return (
        _("Put your card in the reader.")
        if required
        else _("If you have a card, put it in the reader.")
    )


def leave_card_in(required: bool, _: Callable[[str], str]) -> str:
    """Return what to do with the card until the end, where cards are asked for."""
    return (
        _("Leave your card in the reader.")
        if required
        else _("If you have a card, leave it in the reader.")
    )


def camera_problem(problem: str, _: Callable[[str], str]) -> str:
    """Return the sentence for a camera that may not be used; the log has the cause."""
    return _(problem if problem in CAMERA_PROBLEMS else CAMERA_PROBLEMS[0])
