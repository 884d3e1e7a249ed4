"""One PostgreSQL database: serialisable transactions that are tried again, and never hang.

A transaction that met another one (SQLSTATE 40001, 40P01, or 23505: a row that came into being
meanwhile) is rolled back and tried again after a random wait. Whatever else fails, and whatever
takes longer than the limit, is "Service not available".
"""

import contextlib
import itertools
import logging
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, create_engine, func, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from atm.errors import ServiceUnavailable
from atm.ports import no_undo

T = TypeVar("T")

LIMIT_S: Final = 4.0
"""How long one piece of work may take with all its tries; a kiosk waits for five seconds."""
POOL: Final = 10
"""Connections that one copy of the service keeps to each database."""

_CONNECT_S = 2  # the least that psycopg takes
_WAIT_FOR_CONNECTION_S = 1.0
_STATEMENT_MS = 3500
_AGAIN = frozenset({"40001", "40P01", "23505"})
_FIRST_WAIT_S = 0.005
_LONGEST_WAIT_S = 0.25

_log = logging.getLogger(__name__)


def database_clock(connection: Connection) -> float:
    """Return the database's time, seconds since the epoch."""
    return float(connection.execute(select(func.extract("epoch", func.now()))).scalar_one())


class Database:
    """Runs transactions; safe to use from several threads."""

    def __init__(
        self,
        url: str,
        *,
        pool: int = POOL,
        limit_s: float = LIMIT_S,
        clock: Callable[[Connection], float] = database_clock,
    ) -> None:
        """Use the database at *url*; nothing is connected yet.

        Args:
            url: ``postgresql+psycopg://user@host:port/name``, with one host.
            pool: Connections at most.
            limit_s: See `LIMIT_S`.
            clock: Returns seconds since the epoch within a transaction.
        """
        self._engine = create_engine(
            url,
            isolation_level="SERIALIZABLE",
            hide_parameters=True,  # an error's text may go to a log
            pool_size=pool,
            max_overflow=0,
            pool_timeout=_WAIT_FOR_CONNECTION_S,
            connect_args={
                "connect_timeout": _CONNECT_S,
                "application_name": "two-factor-atm",
                "options": f"-c statement_timeout={_STATEMENT_MS}"
                f" -c idle_in_transaction_session_timeout={_STATEMENT_MS}",
            },
        )
        self._limit_s = limit_s
        self._clock = clock
        self._joined: ContextVar[Connection | None] = ContextVar("joined", default=None)

    def now(self, connection: Connection) -> float:
        """Return the time that waits are counted in, seconds since the epoch."""
        return self._clock(connection)

    def run(self, work: Callable[[Connection], T]) -> T:
        """Do *work* in one transaction: that of `commit`, or its own, durable when this returns.

        *work* may be done several times; only the last one counts.

        Raises:
            ServiceUnavailable: If the database does not answer in time, or fails.
            Exception: Whatever *work* raises; nothing is changed then.
        """
        joined = self._joined.get()
        return work(joined) if joined is not None else self._tried(work)

    def commit(self, work: Callable[[], T], undo: Callable[[], None] = no_undo) -> T:
        """Do *work* so that every `run` in it is of one transaction: an `atm.ports.Commit`.

        *undo* is not needed: the database takes all back.

        Raises:
            As `run`.
        """
        return self.run(lambda _: work())

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()

    def _tried(self, work: Callable[[Connection], T]) -> T:
        deadline = time.monotonic() + self._limit_s
        for tries in itertools.count():
            try:
                return self._once(work, deadline)
            except DBAPIError as error:
                wait_s = random.uniform(0, min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2**tries))
                takes_s = wait_s + (_CONNECT_S if error.connection_invalidated else 0.0)
                if not _may_be_tried_again(error) or time.monotonic() + takes_s >= deadline:
                    _log.error("The database failed: %s", error.orig)
                    raise ServiceUnavailable from error
            except SQLAlchemyError as error:
                _log.error("The database cannot be used: %s", error)
                raise ServiceUnavailable from error
            time.sleep(wait_s)
        raise AssertionError

    def _once(self, work: Callable[[Connection], T], deadline: float) -> T:
        with self._engine.connect() as connection, _cut_off(connection, deadline):
            transaction = connection.begin()
            joined = self._joined.set(connection)
            try:
                done = work(connection)
            except BaseException:
                with contextlib.suppress(SQLAlchemyError):  # the first fault says more
                    transaction.rollback()
                raise
            finally:
                self._joined.reset(joined)
            try:
                transaction.commit()
            except DBAPIError as error:
                if error.connection_invalidated:  # nobody knows whether it is done
                    raise ServiceUnavailable from error
                raise
            return done


def _may_be_tried_again(error: DBAPIError) -> bool:
    return error.connection_invalidated or getattr(error.orig, "sqlstate", None) in _AGAIN


@contextlib.contextmanager
def _cut_off(connection: Connection, deadline: float) -> Iterator[None]:
    """End the connection at *deadline*: a server that is stopped says nothing, for ever."""
    driver: Any = connection.connection.driver_connection
    turn = threading.Lock()
    over = False

    def cut() -> None:
        with turn, contextlib.suppress(Exception):
            if not over:
                with socket.socket(fileno=socket.dup(driver.fileno())) as line:
                    line.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(0.0, deadline - time.monotonic()), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        with turn:
            over = True
        timer.cancel()
