"""A PostgreSQL database: serialisable transactions that are retried, and that never hang.

A transaction that conflicts with another one (SQLSTATE 40001, 40P01, or 23505: a row that was added
meanwhile) is rolled back and retried after a random wait. Any other failure, and a transaction that
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
"""How long one piece of work may take, retries included; a kiosk waits for five seconds."""
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
    """Runs transactions in one database; safe to use from several threads."""

    def __init__(
        self,
        url: str,
        *,
        pool: int = POOL,
        limit_s: float = LIMIT_S,
        clock: Callable[[Connection], float] = database_clock,
    ) -> None:
        """Use the database at *url*; it connects at the first transaction.

        Args:
            url: ``postgresql+psycopg://user@host:port/name``, with one host.
            pool: Largest number of connections.
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
        """Return the time by which waits are counted, seconds since the epoch."""
        return self._clock(connection)

    def run(self, work: Callable[[Connection], T]) -> T:
        """Do *work* in the transaction of `commit`, or in its own, durable when this returns.

        *work* may be done several times; only the last time takes effect.

        Raises:
            ServiceUnavailable: If the database does not answer in time, or fails.
            Exception: What *work* raises; nothing is changed then.
        """
        joined = self._joined.get()
        return work(joined) if joined is not None else self._tried(work)

    def commit(self, work: Callable[[], T], undo: Callable[[], None] = no_undo) -> T:
        """Do *work* with every `run` in it in one transaction; an `atm.ports.Commit`.

        *undo* is not needed: the database rolls everything back.

        Raises:
            As `run`.
        """
        return self.run(lambda _: work())

    def close(self) -> None:
        """Close all connections."""
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
    """Cut the connection at *deadline*, because a server that is stopped never answers."""
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
