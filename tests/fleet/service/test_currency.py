"""A service keeps money in one currency, with its own decimals, and refuses kiosks of another."""

from pathlib import Path

import pytest

from atm.accounts.accounts import DayLimitError, NotAMultipleError
from atm.errors import AtmError
from atm.fleet.service.store.schema import METADATA
from atm.machine import Machine
from benchmarks.fleet.postgres import OWNER, PostgresServer
from tests.fleet.service.fleet import Fleet, enrol, open_kiosk

PIN = "407183"


@pytest.fixture(params=[("JPY", 1), ("KWD", 1000)], ids=["JPY", "KWD"])
def bank(
    server: PostgresServer, tmp_path: Path, request: pytest.FixtureRequest
) -> tuple[Fleet, str, int]:
    """A service with another currency than euros, and how many minor units one unit has."""
    currency, units = request.param
    with server.connect() as connection:
        connection.execute(f"TRUNCATE {', '.join(METADATA.tables)}")
    fleet = Fleet(tmp_path, server.url(), server.url(OWNER))
    fleet.environment["ATM_SERVICE_CURRENCY"] = currency
    fleet.set_up()
    fleet.start()
    request.addfinalizer(fleet.close)
    return fleet, currency, units


def test_limit_and_notes_are_in_the_service_s_currency(
    bank: tuple[Fleet, str, int], people: list[tuple[Path, Path]]
) -> None:
    fleet, currency, units = bank
    hall: Machine = fleet.kiosk("hall", people[0][0], currency=currency, day_limit=1_000_000)
    enrol(hall, "ada", PIN, balance_minor=5000 * units)
    hall.use_camera(str(people[0][1]))
    session = hall.login("ada", PIN).session
    assert session is not None
    with pytest.raises(DayLimitError):  # the service's own limit of 1000, whatever the kiosk's
        session.withdraw(1010 * units)
    with pytest.raises(NotAMultipleError):
        session.withdraw(units)
    assert session.withdraw(1000 * units).balance_minor == 4000 * units


def test_kiosk_of_another_currency_is_not_approved(
    bank: tuple[Fleet, str, int], people: list[tuple[Path, Path]]
) -> None:
    fleet, currency, _ = bank
    with pytest.raises(AtmError, match=f"accounts in {currency}, and this kiosk is set to EUR"):
        open_kiosk(fleet, "hall", people[0][0])


def test_amounts_in_another_currency_are_refused(
    bank: tuple[Fleet, str, int], people: list[tuple[Path, Path]]
) -> None:
    """Also where a kiosk's currency was changed after its approval."""
    fleet, currency, units = bank
    hall = fleet.kiosk("hall", people[0][0], currency=currency)
    enrolment = hall.bank.enrolment
    enrolment._currency = "EUR"  # type: ignore[attr-defined]
    with pytest.raises(AtmError, match=f"accounts in {currency}"):
        enrol(hall, "ada", PIN, balance_minor=5000 * units)


def test_impossible_currency_stops_the_service(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path, "postgresql://nowhere", "postgresql://nowhere")
    fleet.environment["ATM_SERVICE_CURRENCY"] = "euro"
    with pytest.raises(AtmError, match="three capital letters"):
        fleet.set_up()
