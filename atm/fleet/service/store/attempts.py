"""Counters of customers' login attempts in the shared store; rules in `credentials.attempt_rules`.

Counters never fall: each has a second one, of how much was forgiven, which only rises too.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Final, TypeVar

from sqlalchemy import Connection, select

from atm.fleet.service.store.database import Database
from atm.fleet.service.store.keys import KeyRing
from atm.fleet.service.store.schema import ATTEMPTS
from atm.fleet.service.store.sealed_table import Row, SealedTable
from credentials.attempt_rules import AttemptCount, Ending, Standing
from credentials.boot_clock import Moment
from credentials.errors import StoreError

T = TypeVar("T")

_COUNTERS: Final = ("wrong", "open", "foreign_faces", "waits")
_CLOCK: Final = "database"
_PAGE = 2000


class AttemptRows:
    """Attempt counters of all customers; implements `atm.ports.AttemptCounters`."""

    def __init__(self, database: Database, ring: KeyRing) -> None:
        """Keep counters in *database*, sealed with the keys of *ring*; waits use its clock."""
        self._database = database
        self._table = SealedTable(ATTEMPTS, ring, StoreError)

    def reserve(self, owner_id: str) -> Standing:
        """Count one attempt, durable when this returns; returns whether it may be judged."""
        return self._change(owner_id, lambda count, now: count.reserved(now))

    def settle(self, owner_id: str, ending: Ending) -> None:
        """End one reserved attempt of *owner_id*."""
        self._change(owner_id, lambda count, now: (count.settled(ending, now), None))

    def clear(self, owner_id: str) -> None:
        """Forgive everything of *owner_id*: staff unlock, or the customer is deleted."""
        self._change(owner_id, lambda count, now: (AttemptCount(owner_id), None))

    def lock(self, owner_id: str) -> None:
        """Lock *owner_id* until staff unlock."""
        self._change(owner_id, lambda count, now: (count.locked(), None))

    def standing(self, owner_id: str) -> Standing:
        """Return whether an attempt of *owner_id* would be judged now."""
        return self.standings([owner_id])[owner_id]

    def standings(self, owner_ids: Iterable[str]) -> dict[str, Standing]:
        """Return for each of *owner_ids* whether an attempt would be judged now."""
        wanted = list(owner_ids)
        found: dict[str, Standing] = {}
        for begin in range(0, len(wanted), _PAGE):
            page = wanted[begin : begin + _PAGE]
            found |= self._database.run(partial(self._standings, page))
        return {each: found.get(each, Standing.FREE) for each in wanted}

    def _standings(self, owner_ids: list[str], connection: Connection) -> dict[str, Standing]:
        now = self._now(connection)
        query = select(ATTEMPTS).where(ATTEMPTS.c.customer_id.in_(owner_ids))
        rows = self._table.select(connection, query)
        return {row["customer_id"]: _count(row).at(now).standing() for row in rows}

    def _change(
        self, owner_id: str, how: Callable[[AttemptCount, Moment], tuple[AttemptCount, T]]
    ) -> T:
        def work(connection: Connection) -> T:
            row = self._table.get(connection, owner_id)
            old = AttemptCount(owner_id, boot=_CLOCK) if row is None else _count(row)
            new, answer = how(old, self._now(connection))
            new = replace(new, boot=_CLOCK)
            if row is None and new != old:
                values = dict.fromkeys((f"{name}_forgiven" for name in _COUNTERS), 0)
                values |= {name: getattr(new, name) for name in _COUNTERS}
                self._table.insert(
                    connection, customer_id=owner_id, wait_s=new.wait_s, since=new.since, **values
                )
            elif row is not None and new != old:
                self._table.update(connection, row, **_risen(row, old, new))
            return answer

        return self._database.run(work)

    def _now(self, connection: Connection) -> Moment:
        return Moment(_CLOCK, self._database.now(connection))


def _count(row: Row) -> AttemptCount:
    left = {name: row[name] - row[f"{name}_forgiven"] for name in _COUNTERS}
    return AttemptCount(
        row["customer_id"], **left, wait_s=row["wait_s"], boot=_CLOCK, since=row["since"]
    )


def _risen(row: Row, old: AttemptCount, new: AttemptCount) -> dict[str, float]:
    """Return the columns to raise so that *old* becomes *new*: counted or forgiven."""
    changes: dict[str, float] = {"wait_s": new.wait_s, "since": new.since}
    for name in _COUNTERS:
        more = getattr(new, name) - getattr(old, name)
        column = name if more > 0 else f"{name}_forgiven"
        if more:
            changes[column] = row[column] + abs(more)
    return changes
