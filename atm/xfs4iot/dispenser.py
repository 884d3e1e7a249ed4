"""A note dispenser over XFS4IoT, behind `atm.accounts.dispenser.Dispenser`.

Notes move in two steps: from the cassettes to a stacker inside the machine, then to the slot. What
is said of a pay-out follows from how far it came:

- before the command that moves notes: certainly nothing came out, `NotDispensed`;
- notes moved and then the device confirms that stacker and slot are empty again and that nothing
  was presented: `NotDispensed`;
- the customer took the notes: paid;
- everything else, thus a lost connection, a jam, notes that were left and retracted: `Uncertain`.

No pay-out is ever tried again: an interrupted one leaves its hold, which staff settle.
"""

import threading
from pathlib import Path
from typing import Any, Final, NamedTuple, NoReturn

from atm.accounts.dispenser import NotDispensed, Uncertain
from atm.accounts.money import minor_digits
from atm.xfs4iot.discovery import find_dispenser, tls_of
from atm.xfs4iot.link import SUCCESS, Answer, Link, LinkError

_POSITION: Final = "outDefault"
_LONGEST_NOTE: Final = 300
_TAKEN: Final = "CashManagement.ItemsTakenEvent"
_STATUS: Final = "Common.StatusChangedEvent"
_WORKS: Final = frozenset({"online", "deviceBusy"})
"""States that a device which pays out as it should reports meanwhile."""


class Limits(NamedTuple):
    """How long the device may take, in seconds.

    Attributes:
        answer_s: For a command that moves nothing, and for connecting.
        move_s: For a command that moves notes.
        take_s: How long the customer has to take them.
    """

    answer_s: float = 5.0
    move_s: float = 60.0
    take_s: float = 30.0


USUAL: Final = Limits()


class Xfs4iotDispenser:
    """The dispenser of one kiosk. It connects for each pay-out, so that the device may restart."""

    def __init__(
        self, address: str, authority: Path | None, currency: str, limits: Limits = USUAL
    ) -> None:
        """Connect to nothing yet.

        Args:
            address: The service publisher's, wss://host:port/path; ws to this machine only.
            authority: The authority that signed the device's certificate, PEM; None: the system's.
            currency: Of the notes, ISO 4217.
            limits: How long the device may take.
        """
        self.name = f"xfs4iot+{address}"
        self.note = ""
        self._address = address
        self._authority = authority
        self._currency = currency
        self._limits = limits
        self._busy = threading.Lock()

    def dispense(self, reference: str, amount_minor: int) -> None:
        """Pay out and return once the customer has taken the notes; see `Dispenser`.

        Raises:
            NotDispensed: If certainly nothing came out.
            Uncertain: If that is not known; so does any other exception.
        """
        if not self._busy.acquire(blocking=False):
            raise NotDispensed("The dispenser is paying out already.")
        try:
            self._pay(reference, amount_minor)
            self.note = ""
        except Exception as error:
            did = "paid nothing" if isinstance(error, NotDispensed) else "left a hold to settle"
            self.note = _printable(f"Check the dispenser, which {did}. {error}")
            raise
        finally:
            self._busy.release()

    def _pay(self, reference: str, amount_minor: int) -> None:
        limit_s = self._limits.answer_s
        try:
            tls = tls_of(self._address, self._authority)
            link = Link(find_dispenser(self._address, tls, limit_s), tls, limit_s)
        except Exception as error:
            raise NotDispensed(f"It cannot be reached: {error}") from error
        with link:
            try:
                notes = self._prepare(link, reference, amount_minor)
            except Exception as error:  # no note of this amount was told to move
                raise NotDispensed(str(error)) from error
            self._move(link, notes, amount_minor)

    def _prepare(self, link: Link, reference: str, amount_minor: int) -> dict[str, int]:
        """Return how many notes of which unit make the amount; none of them has moved yet.

        What an interrupted pay-out left in slot or stacker goes to the retract and reject units
        first: it belongs to another customer's hold.
        """
        self._ask(link, "Common.SetTransactionState", state="active", transactionID=reference)
        if not self._is_empty(link):
            self._clear(link)
        values = self._values(_good(self._ask(link, "Storage.GetStorage")))
        mix = _smallest_mix(_good(self._ask(link, "CashDispenser.GetMixTypes")))
        told = self._ask(
            link, "CashDispenser.Denominate",
            denomination={"currencies": self._amount(amount_minor)}, mix=mix,
        )  # fmt: skip
        notes = _notes(_good(told))
        if sum(values[unit] * count for unit, count in notes.items()) != amount_minor:
            raise LinkError("It would pay another amount.")
        return notes

    def _clear(self, link: Link) -> None:
        """Take back notes that lie in the slot or on the stacker.

        Raises:
            LinkError: If they are not empty afterwards, or the device cannot tell.
        """
        stacker, slot = self._places(link)
        if slot == "notEmpty":
            self._retract(link)
        if stacker.startswith("notEmpty"):
            self._act(link, "CashDispenser.Reject")
        if not self._is_empty(link):
            raise LinkError(f"It is not ready: stacker {stacker}, slot {slot}.")

    def _move(self, link: Link, notes: dict[str, int], amount_minor: int) -> None:
        """Bring *notes* to the customer; from the first line here on notes may have moved."""
        denomination = {"currencies": self._amount(amount_minor), "values": notes}
        stacked = self._act(
            link, "CashDispenser.Dispense",
            denomination={"denomination": denomination}, position=_POSITION,
        )  # fmt: skip
        told = stacked.payload
        whole = stacked.code == SUCCESS and _notes(told.get("denomination") or {}) == notes
        if not whole or str(told.get("bunches", "1")) != "1":
            self._take_back(link, stacked.code)
        shown = self._act(link, "CashDispenser.Present", position=_POSITION)
        if shown.code == "presentErrorNoItems":
            self._take_back(link, shown.code)
        alone = str(shown.payload.get("additionalBunches", "0")) == "0"
        taken = shown.code == SUCCESS and alone
        taken = taken and link.wait_for(_TAKEN, self._limits.take_s, _from_output)
        states = {str(told.get("device", "online")) for told in link.heard(_STATUS)} - _WORKS
        if taken and not states:
            return
        # The customer may have taken some of them, which no sensor tells; or a device that reports
        # a fault or a fraud says that they were taken.
        back = self._retract(link)
        found = ["taken" if taken else "not taken", *sorted(states)]
        raise Uncertain(f"Present: {shown.code}, {', '.join(found)}; Retract: {back.code}.")

    def _take_back(self, link: Link, code: str) -> NoReturn:
        """Put what is on the stacker into the reject unit, before anything was presented.

        Raises:
            NotDispensed: If the device confirms that nothing came out.
            Uncertain: If it does not.
        """
        self._act(link, "CashDispenser.Reject")
        presented = self._ask(link, "CashDispenser.GetPresentStatus", position=_POSITION)
        state = presented.payload.get("presentState")
        if presented.code == SUCCESS and state == "notPresented" and self._is_empty(link):
            raise NotDispensed(f"It took the notes back: {code}.")
        raise Uncertain(f"It does not say where the notes are: {code}.")

    def _retract(self, link: Link) -> Answer:
        return self._act(
            link, "CashManagement.Retract",
            outputPosition=_POSITION, retractArea="retract", index=1,
        )  # fmt: skip

    def _is_empty(self, link: Link) -> bool:
        return self._places(link) == ("empty", "empty")

    def _places(self, link: Link) -> tuple[str, str]:
        """Return the states of stacker and slot; "offline" and the like if it cannot work.

        The slot counts as empty only if the transport to it is empty as well.
        """
        told = _good(self._ask(link, "Common.Status"))
        device = str(told["common"]["device"])
        if device != "online":
            return device, device
        parts = told["cashDispenser"]
        slots = {str(each["positionStatus"]) for each in parts["positions"]}
        ways = {str(each.get("transportStatus", "notSupported")) for each in parts["positions"]}
        empty = slots == {"empty"} and ways <= {"empty", "notSupported"}
        slot = "empty" if empty else "notEmpty" if "notEmpty" in slots else "unknown"
        return str(parts["intermediateStacker"]), slot

    def _values(self, told: dict[str, Any]) -> dict[str, int]:
        """Return the value of a note of each unit that pays out, in minor units."""
        values = {}
        for unit, each in told["storage"].items():
            setup = (each.get("cash") or {}).get("configuration") or {}
            pays = each["status"] == "ok" and (setup.get("types") or {}).get("cashOut")
            if pays and setup.get("currency") == self._currency:
                values[unit] = round(setup["value"] * 10 ** minor_digits(self._currency))
        return values

    def _amount(self, amount_minor: int) -> dict[str, float]:
        return {self._currency: amount_minor / 10 ** minor_digits(self._currency)}

    def _ask(self, link: Link, name: str, **payload: Any) -> Answer:
        return link.command(name, payload, self._limits.answer_s)

    def _act(self, link: Link, name: str, **payload: Any) -> Answer:
        return link.command(name, payload, self._limits.move_s)


def _printable(text: str) -> str:
    """Return the beginning of *text*, part of which a device wrote, without control characters."""
    return "".join(each if each.isprintable() else "?" for each in text[:_LONGEST_NOTE])


def _from_output(told: dict[str, Any]) -> bool:
    """Return whether notes were taken from an output, not from where a recycler takes notes in."""
    place = told.get("position")
    return isinstance(place, dict) and str(place.get("position")).startswith("out")


def _good(answer: Answer) -> dict[str, Any]:
    """Return the payload of a command that succeeded.

    Raises:
        LinkError: If it failed: what that means depends on whether notes have moved.
    """
    if answer.code != SUCCESS:
        raise LinkError(f"It answered: {answer.code}.")
    return answer.payload


def _notes(denomination: dict[str, Any]) -> dict[str, int]:
    return {str(unit): int(count) for unit, count in (denomination.get("values") or {}).items()}


def _smallest_mix(told: dict[str, Any]) -> str:
    """Return the name of the mix with the fewest notes, else of any that computes one."""
    mixes = {name: each for name, each in told["mixes"].items() if each["type"] == "algorithm"}
    fewest = [name for name, each in mixes.items() if each.get("algorithm") == "minimumBills"]
    return str([*fewest, *mixes][0])
