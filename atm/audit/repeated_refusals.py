"""Counter of repeated refusals, which the log writes as one entry a minute."""

from atm.audit.entries import Fields

Draft = tuple[str, dict[str, object]]
"""Kind and fields of an entry that is not written yet."""

WINDOW_S = 60.0


class RepeatedRefusals:
    """Counts refusals equal to the last written one, for a minute; not thread-safe."""

    def __init__(self) -> None:
        """Start with nothing counted."""
        self._like: tuple[object, ...] | None = None
        self._since = 0.0
        self._count = 0
        self._last: Draft | None = None

    def counts(self, kind: str, fields: Fields, now: float) -> bool:
        """Count the entry if it repeats the one noted last.

        Args:
            kind: Its kind.
            fields: Its fields.
            now: Seconds by a clock that is not set.

        Returns:
            Whether it was counted; if not it is to be written.
        """
        if self._like is None or self._like != _likeness(kind, fields) or not self.left(now):
            return False
        self._count += 1
        self._last = (kind, dict(fields))
        return True

    def left(self, now: float) -> float:
        """Return the seconds until the minute is over, 0 when it is."""
        return max(0.0, self._since + WINDOW_S - now)

    def pending(self) -> list[Draft]:
        """Return at most one draft: the last repetition with the number of repetitions."""
        if self._last is None:
            return []
        kind, fields = self._last
        return [(kind, fields | {"repeated": self._count})]

    def written(
        self, kind: str | None = None, fields: Fields | None = None, now: float = 0
    ) -> None:
        """Reset the count after `pending` was written, followed by the entry *kind*, if any."""
        self._count, self._last = 0, None
        self._like = None if kind is None or fields is None else _likeness(kind, fields)
        self._since = now


def _likeness(kind: str, fields: Fields) -> tuple[object, ...] | None:
    """Return the values that equal refusals share, None for an entry that is no refusal."""
    outcome = fields.get("outcome")
    if outcome is None or outcome == "granted":
        return None
    reasons = fields.get("reasons")
    listed = tuple(reasons) if isinstance(reasons, list | tuple) else reasons
    return kind, outcome, fields.get("customer"), fields.get("staff"), listed
