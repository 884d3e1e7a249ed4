"""The simulated machinery: cassettes, stacker, slot, two bins, and the customer before it."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

FAULTS = {
    "offline": "the device is not ready",
    "empty": "the cassettes are empty",
    "wrong-mix": "Denominate answers with one note more than was asked for",
    "transport": "a note lies in the transport to the slot",
    "short": "one note too few comes to the stacker, and the device says so",
    "short-silent": "one note too few comes to the stacker, and the device claims success",
    "jam": "a jam on the way to the stacker; nothing can be taken back",
    "present-none": "Present fails; the notes stay on the stacker",
    "present-some": "Present fails after the customer got half of the notes",
    "left": "the customer leaves the notes; the device retracts them",
    "left-some": "the customer takes one note and leaves the others",
    "left-stuck": "the customer leaves the notes, and Retract fails",
    "fraud": "the customer takes the notes, and the device reports a possible fraud",
    "bunches": "the device would present the notes in two bunches",
}

Notes = Counter[int]
"""How many notes of which value, in whole units of the currency."""


def worth(notes: Notes) -> int:
    """Return what *notes* are worth, in whole units of the currency."""
    return sum(value * count for value, count in notes.items())


@dataclass
class Device:
    """Where every note is. None is ever lost: `total` stays what it was.

    Attributes:
        cassettes: Value and number of the notes in each storage unit.
        currency: ISO 4217.
        fault: One of `FAULTS`, or "".
        journal: Appended to as the customer takes notes: reference and worth; None for no file.
        reference: Of the transaction that the client named last.
        stacker, slot, rejected, retracted, taken: The notes that lie there.
        jammed: Whether notes are stuck, so that nothing moves.
        state: As GetPresentStatus tells it.
    """

    cassettes: dict[str, tuple[int, int]]
    currency: str = "EUR"
    fault: str = ""
    journal: Path | None = None
    reference: str = "-"
    stacker: Notes = field(default_factory=Counter)
    slot: Notes = field(default_factory=Counter)
    rejected: Notes = field(default_factory=Counter)
    retracted: Notes = field(default_factory=Counter)
    taken: Notes = field(default_factory=Counter)
    jammed: bool = False
    state: str = "notPresented"

    @property
    def total(self) -> int:
        """The worth of all notes, wherever they are."""
        inside = sum(value * count for value, count in self.cassettes.values())
        places = (self.stacker, self.slot, self.rejected, self.retracted, self.taken)
        return inside + sum(map(worth, places))

    def count(self, unit: str) -> int:
        """Return how many notes of *unit* can be paid out."""
        return 0 if self.fault == "empty" else self.cassettes[unit][1]

    def mix(self, amount: int) -> dict[str, int] | None:
        """Return the fewest notes that make *amount*, largest first; None if there are none."""
        found = {}
        for unit, (value, _count) in sorted(self.cassettes.items(), key=lambda each: -each[1][0]):
            pieces = min(amount // value, self.count(unit))
            if pieces:
                found[unit] = pieces
                amount -= pieces * value
        if self.fault == "wrong-mix":
            found["unit1"] = found.get("unit1", 0) + 1
        return None if amount else found

    def stack(self, units: dict[str, int]) -> dict[str, int]:
        """Move notes to the stacker; return how many of which unit came there."""
        self.state = "notPresented"
        done = dict(units)
        if self.fault.startswith("short"):
            last = next(iter(done))
            done[last] -= 1
        for unit, pieces in done.items():
            value, count = self.cassettes[unit]
            self.cassettes[unit] = value, count - pieces
            self.stacker[value] += pieces
        self.jammed = self.fault == "jam"
        return {unit: pieces for unit, pieces in done.items() if pieces}

    def present(self) -> bool:
        """Move the notes to the slot; return whether that succeeded."""
        if self.fault == "present-none":
            return False
        self.slot, self.stacker = self.stacker, Counter()
        self.jammed = self.fault == "present-some"
        self.state = "unknown" if self.jammed else "presented"
        return not self.jammed

    def customer(self) -> bool:
        """Let the customer take what they do; return whether the slot is empty then."""
        notes = sorted(self.slot.elements(), reverse=True)
        leaves = {"left": 0, "left-stuck": 0, "left-some": 1, "present-some": len(notes) // 2}
        taken = Counter(notes[: leaves.get(self.fault, len(notes))])
        self.slot -= taken
        self.taken += taken
        if taken and self.journal is not None:
            with self.journal.open("a", encoding="ascii") as written:
                written.write(f"{self.reference} {worth(taken)}\n")
        return not self.slot

    def take_back(self, place: Notes, to: Notes) -> bool:
        """Move all notes from *place* to the bin *to*; return whether that was possible."""
        if self.jammed or self.fault == "left-stuck":
            return False
        to.update(place)
        place.clear()
        return True
