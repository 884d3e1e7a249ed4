"""Begun logins, sign-ins of staff and open accounts in the shared store; each can be ended once."""

import uuid

from sqlalchemy import Connection, func, insert, select, update

from atm.fleet.service.store.database import Database
from atm.fleet.service.store.schema import LOGINS

_ACCOUNTS = uuid.UUID("0b9d8f0e-5c0a-4b1d-9f77-2f0f5a6a4c11")  # drawn once


def account_owner(customer_id: str) -> str:
    """Return the id under which the open accounts of a customer are kept."""
    return uuid.uuid5(_ACCOUNTS, customer_id).hex


class LoginRows:
    """Begun logins, sign-ins of staff and open accounts in the database; each can be ended once.

    A member of staff, and a customer's open accounts, have ids of a customer's form here, which no
    customer has.
    """

    def __init__(self, database: Database) -> None:
        """Keep logins in *database*."""
        self._database = database

    def open(self, customer_id: str, kiosk_id: str) -> str:
        """Store that a login began; returns its id, 32 hexadecimal digits.

        An unknown name has a customer id too.
        """
        login_id = uuid.uuid4().hex
        row = insert(LOGINS).values(
            customer_id=customer_id, login_id=login_id, kiosk_id=kiosk_id, begun_at=func.now()
        )
        self._database.run(lambda connection: connection.execute(row))
        return login_id

    def is_open(self, customer_id: str, login_id: str, kiosk_id: str) -> bool:
        """Return whether this kiosk has such a login, which has not ended."""
        found = select(LOGINS.c.login_id).where(
            LOGINS.c.customer_id == customer_id,
            LOGINS.c.login_id == login_id,
            LOGINS.c.kiosk_id == kiosk_id,
            LOGINS.c.ended_at.is_(None),
        )
        return self._database.run(lambda connection: connection.execute(found).first()) is not None

    def end_all(self, customer_id: str) -> None:
        """End every login of *customer_id*, at all kiosks."""
        ended = (
            update(LOGINS)
            .where(LOGINS.c.customer_id == customer_id, LOGINS.c.ended_at.is_(None))
            .values(ended_at=func.now())
        )
        self._database.run(lambda connection: connection.execute(ended))

    def end(self, customer_id: str, login_id: str, kiosk_id: str) -> bool:
        """End a login; False if this kiosk has no such login, or it has ended before."""
        ended = (
            update(LOGINS)
            .where(
                LOGINS.c.customer_id == customer_id,
                LOGINS.c.login_id == login_id,
                LOGINS.c.kiosk_id == kiosk_id,
                LOGINS.c.ended_at.is_(None),
            )
            .values(ended_at=func.now())
        )

        def work(connection: Connection) -> bool:
            return connection.execute(ended).rowcount == 1

        return self._database.run(work)
