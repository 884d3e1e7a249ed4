"""Pause of the kiosk after too many refusals, whatever the usernames."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

from atm.errors import AtmError
from credentials import boot_clock
from credentials.boot_clock import Moment
from credentials.sealed.database import Database, Row
from credentials.sealed.seal import Seal

REFUSALS: Final = 10
WITHIN_S: Final = 600.0
FIRST_PAUSE_S: Final = 30.0
LONGEST_PAUSE_S: Final = 3600.0

_KIOSK: Final = "kiosk"
_NEW: Final[Row] = (_KIOSK, "[]", 0, 0.0, "", 0.0)
_SCHEMA: Final = (
    """
    CREATE TABLE pause (
        name TEXT PRIMARY KEY,
        refusals TEXT NOT NULL,
        pauses INTEGER NOT NULL CHECK (pauses >= 0),
        pause_s REAL NOT NULL CHECK (pause_s >= 0),
        boot TEXT NOT NULL,
        since REAL NOT NULL,
        mac BLOB NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
)


class PauseError(AtmError):
    """The file of the pause cannot be used; no login is judged then."""


class Pause:
    """Counter of refusals: ten in ten minutes pause all logins for 30 s, then 60, 120 ... 3600 s.

    Ten minutes without a refusal after a pause make the next one short again. Time is counted
    since the machine started; a restart begins a running pause again.
    """

    def __init__(
        self, path: Path, seal: Seal, clock: Callable[[], Moment] = boot_clock.now
    ) -> None:
        """Open or make the sealed SQLite file *path*.

        Raises:
            PauseError: If the file cannot be used or was altered; so does every method.
        """
        self._database = Database(path, _SCHEMA, {"pause": "name"}, seal, PauseError)
        self._clock = clock

    @property
    def generation(self) -> int:
        """Number of changes of the file, as last seen."""
        return self._database.generation

    def refresh(self) -> None:
        """Read `generation` from the file again, for another process may have changed it."""
        self._database.refresh()

    def remaining(self) -> float:
        """Return the seconds left of the pause; 0 when there is none."""
        now = self._clock()
        with self._database.transaction() as transaction:
            row = transaction.get("pause", _KIOSK) or _NEW
            _, refusals, pauses, pause_s, boot, since = row
            if not pause_s:
                return 0.0
            passed = now.since(boot, since)
            if passed is None:
                transaction.put("pause", _KIOSK, refusals, pauses, pause_s, now.boot, now.seconds)
                return float(pause_s)
            if passed >= pause_s:  # a restart must not begin it again
                ages = json.dumps([age + pause_s for age in json.loads(refusals)])
                transaction.put("pause", _KIOSK, ages, pauses, 0.0, boot, since + pause_s)
                return 0.0
            return float(pause_s) - passed

    def refused(self) -> float:
        """Count one refusal; return the seconds of the pause that it begins, else 0."""
        now = self._clock()
        with self._database.transaction() as transaction:
            row = transaction.get("pause", _KIOSK) or _NEW
            _, text, pauses, pause_s, boot, since = row
            passed = now.since(boot, since)
            ages = [0.0 if passed is None else passed + age for age in json.loads(text)]
            recent = [age for age in ages if age < WITHIN_S]
            quiet = not recent and passed is not None and passed > pause_s + WITHIN_S
            pauses = 0 if quiet else pauses
            recent.append(0.0)
            left = pause_s if passed is None else max(0.0, pause_s - passed)
            begun = 0.0
            if len(recent) >= REFUSALS:
                begun = min(FIRST_PAUSE_S * 2.0 ** min(pauses, 30), LONGEST_PAUSE_S)
                pauses, recent = pauses + 1, []
            transaction.put(
                "pause", _KIOSK, json.dumps(recent), pauses, max(left, begun), now.boot, now.seconds
            )
            return begun
