"""Settings of the service, from the environment variables ``ATM_SERVICE_…``."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from atm.accounts.money import CURRENCY
from atm.errors import AtmError
from atm.setting_values import metrics_address

PREFIX: Final = "ATM_SERVICE_"

_LARGEST_AMOUNT = 10**9


class ServiceSettingsError(AtmError):
    """A variable is missing, unknown, or has an impossible value."""


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """Settings of one copy of the service.

    Attributes:
        database: Address of the PostgreSQL database, as the service's role.
        owner: The same address as the database's owner, for the command `schema` only.
        keys: The file that holds the service's keys, outside the database.
        certificate: The service's own certificate, PEM, with the chain to the bank's authority.
        certificate_key: Its private key, PEM.
        kiosk_ca: The authority that signs the kiosks' certificates, PEM.
        host: Address to listen on.
        port: Port to listen on.
        network: The face network that the kiosks run: "bundled" or "vggface2".
        currency: Of all accounts: three capital letters, ISO 4217; a kiosk must have the same.
        day_limit: What one customer may withdraw in a day, in major units; a kiosk may have
            a lower limit.
        opening_limit: Largest opening balance, in major units, that one member of staff may enter;
            two must sign above it.
        zone: Time zone of those days, such as "Europe/Berlin".
        handshakes: How many connections from one address may be without a certificate at once; more
            where a balancer hands on the connections of many kiosks.
        metrics: Address and port of the metrics, as a kiosk's setting of this name; "": none.
    """

    database: str
    keys: Path
    certificate: Path | None = None
    certificate_key: Path | None = None
    kiosk_ca: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8443
    network: str = "bundled"
    currency: str = "EUR"
    day_limit: int = 1000
    opening_limit: int = 0
    zone: str = "UTC"
    handshakes: int = 64
    owner: str = ""
    metrics: str = ""


def load_service_settings(environ: Mapping[str, str] = os.environ) -> ServiceSettings:
    """Return the settings that *environ* holds; an empty variable counts as unset.

    Raises:
        ServiceSettingsError: If one is missing or unknown, or is not a number where it must be one.
    """
    known = {field.name: field.type for field in fields(ServiceSettings)}
    found: dict[str, Any] = {}
    for variable, value in environ.items():
        if not variable.startswith(PREFIX) or not value:
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name not in known:
            raise ServiceSettingsError(f"There is no setting called {variable}.")
        found[name] = _read(variable, value, known[name])
    try:
        ZoneInfo(found.get("zone", "UTC"))
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ServiceSettingsError(f"{PREFIX}ZONE names no time zone.") from error
    try:
        metrics_address(found.get("metrics", "127.0.0.1:1"), True)
    except ValueError as error:
        raise ServiceSettingsError(f"{PREFIX}METRICS must be {error}.") from error
    if not CURRENCY.fullmatch(found.get("currency", "EUR")):
        raise ServiceSettingsError(f"{PREFIX}CURRENCY must be three capital letters such as EUR.")
    for name in ("database", "keys"):
        if name not in found:
            raise ServiceSettingsError(f"Set {PREFIX}{name.upper()}.")
    return ServiceSettings(**found)


def _read(variable: str, value: str, kind: Any) -> str | int | Path:
    if kind is int:
        if not value.isdecimal() or not 0 <= int(value) <= _LARGEST_AMOUNT:
            raise ServiceSettingsError(f"{variable} must be a whole number.")
        return int(value)
    try:
        return value if kind is str else Path(value).expanduser()
    except RuntimeError as error:
        raise ServiceSettingsError(f"{variable} names a home folder that is not there.") from error
