"""Readers of the values of settings: each checks one sort of value and returns its own type."""

import re
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Final, cast

from atm.folder import Kind

PLACE_OF_TPM: Final = re.compile(
    r"device:/dev/[a-z0-9]{1,32}|swtpm:(path=[\w./-]{1,200}|port=[0-9]{1,5})"
)
EXPOSED: Final = "exposed:"
"""Prefix of an address of the metrics that other machines may read."""
SHORTEST_KEEP_DAYS: Final = 60
"""Least of `keep_inactive_days`: half of it is the notice that staff get before."""

_LONGEST_KEEP_DAYS: Final = 36500
_LARGEST_AMOUNT: Final = 10**9
_LONGEST_TEXT: Final = 1000
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
_WHOLE: Final = re.compile("[0-9]{1,10}")
_DECIMAL: Final = re.compile(r"[0-9]{1,10}(\.[0-9]{1,10})?")
_SERVICE: Final = re.compile(r"https://[A-Za-z0-9.\-\[\]:]{1,250}/?")
_METRICS: Final = re.compile(
    r"(?P<exposed>exposed:)?(?P<host>[0-9.]{7,15}|\[[0-9a-f:.]{2,45}\]):(?P<port>[0-9]{1,5})"
)
_PATH: Final = r"/[A-Za-z0-9._/\-]{0,200}"

Reader = Callable[[object, bool], object]
"""Returns a value in the type of its setting. Its arguments are the value as it was found, and
whether numbers may be given as text. ValueError says what the value must be."""


def matching(pattern: str | re.Pattern[str], what: str) -> Reader:
    """Return a reader of texts that *pattern* matches whole; *what* says what they are."""

    def read(value: object, as_text: bool) -> str:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise ValueError(what)
        return value

    return read


def words(value: object, as_text: bool) -> str:
    """Read a text without a null character."""
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_TEXT or "\0" in value:
        raise ValueError(f"a text of 1 to {_LONGEST_TEXT} characters")
    return value


def path(value: object, as_text: bool) -> Path:
    """Read a path; ~ is the user's home."""
    if as_text and isinstance(value, Path):
        return value.expanduser()
    try:
        return Path(words(value, as_text)).expanduser()
    except RuntimeError as error:  # no such home
        raise ValueError("the path of a folder") from error


def service(value: object, as_text: bool) -> str:
    """Read the address of a bank's service, without a slash at its end."""
    if not isinstance(value, str) or not _SERVICE.fullmatch(value):
        raise ValueError("an address such as https://bank.example:8443")
    return value.rstrip("/")


def one_of(*choices: str) -> Reader:
    """Return a reader of one of *choices*."""

    def read(value: object, as_text: bool) -> str:
        if not isinstance(value, str) or value not in choices:
            raise ValueError("one of " + ", ".join(choices))
        return value

    return read


def kind(value: object, as_text: bool) -> Kind:
    """Read the kind of a data folder."""
    return Kind(str(one_of(*Kind)(value, as_text)))


def units(value: object, as_text: bool) -> int:
    """Read a whole number of major units of a currency, at least 1."""
    if as_text and isinstance(value, str) and _WHOLE.fullmatch(value):
        value = int(value)
    if type(value) is not int or not 1 <= value <= _LARGEST_AMOUNT:
        raise ValueError(f"a whole number from 1 to {_LARGEST_AMOUNT}")
    return value


def units_or_zero(value: object, as_text: bool) -> int:
    """Read the same, or 0."""
    if (as_text and value == "0") or (type(value) is int and value == 0):
        return 0
    try:
        return units(value, as_text)
    except ValueError as error:
        raise ValueError(f"a whole number from 0 to {_LARGEST_AMOUNT}") from error


def keep_days(value: object, as_text: bool) -> int:
    """Read days, or 0 for never."""
    found = units_or_zero(value, as_text)
    if found and not SHORTEST_KEEP_DAYS <= found <= _LONGEST_KEEP_DAYS:
        raise ValueError(f"0, or days from {SHORTEST_KEEP_DAYS} to {_LONGEST_KEEP_DAYS}")
    return found


def metrics_address(value: object, as_text: bool) -> str:
    """Return *value* if it is an address for the metrics; ValueError says what one is."""
    found = _METRICS.fullmatch(value) if isinstance(value, str) else None
    if found is None or not 1 <= int(found["port"]) <= 65535:
        raise ValueError("an address with a port, such as 127.0.0.1:9464")
    try:
        address = ip_address(found["host"].strip("[]"))
    except ValueError:
        raise ValueError("an address with a port, such as 127.0.0.1:9464") from None
    if not address.is_loopback and not found["exposed"]:
        raise ValueError(
            "an address of this machine alone, such as 127.0.0.1:9464; whoever means another one,"
            f" which its whole network can read, writes {EXPOSED}{value}"
        )
    return found[0]


def between(low: float, high: float) -> Reader:
    """Return a reader of a number from *low* to *high*."""

    def read(value: object, as_text: bool) -> float:
        if as_text and isinstance(value, str) and _DECIMAL.fullmatch(value):
            value = float(value)
        if type(value) not in (int, float) or not low <= cast(float, value) <= high:
            raise ValueError(f"a number from {low:g} to {high:g}")
        return float(cast(float, value))

    return read


def truth(value: object, as_text: bool) -> bool:
    """Read whether something is so."""
    if as_text and isinstance(value, str) and value.lower() in (*_TRUE, *_FALSE):
        return value.lower() in _TRUE
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


tpm = matching(PLACE_OF_TPM, "a TPM such as device:/dev/tpmrm0")
pcrs = matching(r"sha(1|256|384):[0-9]{1,2}(,[0-9]{1,2})*", "PCRs such as sha256:0,7")
language = matching("[a-z]{2,3}", "a language's code such as en")
currency = matching("[A-Z]{3}", "three capital letters such as EUR")
sound_device = matching(
    r"[A-Za-z0-9][A-Za-z0-9_:.,=\-]{0,99}", "a sound device such as plughw:CARD=PCH"
)
input_device = matching(
    r"[A-Za-z0-9][A-Za-z0-9 _:.,=/()+\-]{0,99}",
    "off, or the name of an input device such as HDA Intel PCH Headphone",
)
printer = matching(
    r"off|usb:[0-9a-fA-F]{4}:[0-9a-fA-F]{4}|tcp:[A-Za-z0-9.\-]{1,250}:[0-9]{1,5}|file:/.{1,250}",
    "off, or a printer such as usb:04b8:0202 or tcp:192.0.2.7:9100",
)
dispenser = matching(
    rf"simulated|xfs4iot\+wss://[A-Za-z0-9.\-]{{1,250}}(:[0-9]{{1,5}})?{_PATH}"
    rf"|xfs4iot\+ws://(localhost|127\.0\.0\.1|\[::1\]):[0-9]{{1,5}}{_PATH}",
    "simulated, or such as xfs4iot+wss://192.0.2.7:5846/xfs4iot/v1.0",
)
