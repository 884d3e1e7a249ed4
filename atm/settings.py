"""Settings of a kiosk, in rising priority: defaults, kiosk.toml, environment, options."""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal, cast

from platformdirs import PlatformDirs

from atm.errors import AtmError
from atm.folder import CONFIG_FILE, Kind
from face_auth.command_line import did_you_mean
from face_auth.files import read_regular

PREFIX = "ATM_"
SERVICE_PREFIX = "ATM_SERVICE_"
"""Prefix of the settings of a bank's service, which no kiosk reads."""
CONFIG_VARIABLE = "ATM_CONFIG"
"""The variable that names the settings file, where no option does."""
# No settings either; the last two are for tests: photographs, length of the soak.
OTHER_VARIABLES = frozenset({CONFIG_VARIABLE, "ATM_SHARED", "ATM_SOAK_S"})

NETWORKS = ("bundled", "vggface2")
"""Face networks that the model card may describe."""

Liveness = Literal["challenge", "passive", "off"]
WithoutFace = Literal["off", "attended"]
Card = Literal["off", "optional", "required"]

Speech = Literal["off", "on_request", "always"]

_APP = "two-factor-atm"
_LARGEST_AMOUNT = 10**9
_LARGEST_BYTES = 1 << 20
_LONGEST_TEXT = 1000
_LANGUAGE = re.compile("[a-z]{2,3}")
_INPUT_DEVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _:.,=/()+\-]{0,99}")
_SOUND_DEVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_:.,=\-]{0,99}")
_PRINTER = re.compile(
    r"off|usb:[0-9a-fA-F]{4}:[0-9a-fA-F]{4}|tcp:[A-Za-z0-9.\-]{1,250}:[0-9]{1,5}|file:/.{1,250}"
)
_PATH = r"/[A-Za-z0-9._/\-]{0,200}"
_DISPENSER = re.compile(
    rf"simulated|xfs4iot\+wss://[A-Za-z0-9.\-]{{1,250}}(:[0-9]{{1,5}})?{_PATH}"
    rf"|xfs4iot\+ws://(localhost|127\.0\.0\.1|\[::1\]):[0-9]{{1,5}}{_PATH}"
)
_CURRENCY = re.compile("[A-Z]{3}")
_WHOLE = re.compile("[0-9]{1,10}")
_DECIMAL = re.compile(r"[0-9]{1,10}(\.[0-9]{1,10})?")
_SERVICE = re.compile(r"https://[A-Za-z0-9.\-\[\]:]{1,250}/?")
PLACE_OF_TPM = re.compile(r"device:/dev/[a-z0-9]{1,32}|swtpm:(path=[\w./-]{1,200}|port=[0-9]{1,5})")
_PCRS = re.compile(r"sha(1|256|384):[0-9]{1,2}(,[0-9]{1,2})*")
_METRICS = re.compile(
    r"(?P<exposed>exposed:)?(?P<host>[0-9.]{7,15}|\[[0-9a-f:.]{2,45}\]):(?P<port>[0-9]{1,5})"
)
EXPOSED = "exposed:"
"""Prefix of an address of the metrics that other machines may read."""
SHORTEST_KEEP_DAYS = 60
"""Least of `keep_inactive_days`: half of it is the notice that staff get before."""
_LONGEST_KEEP_DAYS = 36500
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


class SettingsError(AtmError):
    """A setting is unknown or has a value it cannot have."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of one kiosk.

    Attributes:
        data_dir: The data folder.
        key_dir: Folder of root keys, outside the data folder.
        anchor_dir: Folder of the log's anchor, best on another disk; None: beside the keys.
        tpm: The TPM that seals a new root key and counts for the log's anchor, such as
            "device:/dev/tpmrm0"; "": none, and the key stands in its file.
        tpm_pcrs: PCRs that the key is sealed with, such as "sha256:0,7"; "": none.
        kind: Kind of a new data folder, and the kind an old one must have; None: live, or any.
        camera: "0", "/dev/video0", an address, a file, a folder, or "demo".
        network: Face network, "bundled" or "vggface2"; "": the one that the data folder records
            (`atm.approval.Approvals.in_effect`).
        security: The false match rate whose threshold is used, "1e-3", "1e-4" or "1e-5"; "": the
            network's default.
        liveness: Liveness check: "challenge" (which includes "passive"), "passive" or "off".
        without_face: Whether marked customers may be served without the face, by PIN beside a
            member of staff who signs in for it: "off" or "attended".
        card: Whether customers log in with a FIDO2 card too: "off", "optional" (those who have one
            registered) or "required" (everybody).
        minifas: The file of the published liveness network; None: where `fetch minifas` puts it.
        liveness_head: Whether the fitted head judges that network's scores; it was fitted on
            pictures most of which have no licence.
        language: The code of the language that the window speaks first, such as "en".
        speech: Whether pages are read aloud: "off", "on_request" (a visitor switches it on) or
            "always".
        speech_device: ALSA's name of the sound card with the headphone jack, as `aplay -L` lists
            it; "": the default one.
        receipt_printer: An ESC/POS printer, "usb:04b8:0202" (vendor and product, hexadecimal),
            "tcp:192.0.2.7:9100" or "file:/dev/usb/lp0"; "off": no receipts.
        headphones: Name of the input device that tells whether headphones are plugged in, as
            /proc/bus/input/devices lists it; "off": speech does not follow the jack.
        dispenser: "simulated", or the service publisher of a dispenser by XFS4IoT, such as
            "xfs4iot+wss://192.0.2.7:5846/xfs4iot/v1.0"; without TLS (ws) only on this machine.
        dispenser_ca: The authority that signed the dispenser's certificate, PEM; None: the
            system's.
        currency: Three capital letters, ISO 4217.
        day_limit: Largest sum a customer may withdraw in a day, in major units (euros).
        smallest_note: In major units.
        opening_limit: Largest opening balance, in major units, that one member of staff may enter;
            None: zero in a live folder, any amount in others.
        fullscreen: Whether the window fills the screen and only staff may close it.
        screen_width_mm: Width of the visible screen, None if unknown.
        keep_inactive_days: Days without use after which an account is listed, and deleted where
            its owner's consent says so; 0: never.
        metrics: Address and port of the metrics, such as "127.0.0.1:9464"; any other address than
            this machine's own is written "exposed:10.0.0.5:9464"; "": none.
        idle_s: Seconds without a customer until the window asks for more time.
        more_time_s: Seconds until an unanswered question ends the session.
        login_limit_s: Seconds a login may take.
        store: Address of the bank's service (https://host:port) that keeps the customers; "": this
            data folder keeps them.
        store_ca: The authority that signed the service's certificate, PEM.
        store_cert: This kiosk's certificate, PEM.
        store_key: Its private key, PEM.
    """

    data_dir: Path = field(default_factory=lambda: _at_home("data_dir", "data"))
    key_dir: Path = field(default_factory=lambda: _at_home("key_dir", "config") / "keys")
    anchor_dir: Path | None = None
    tpm: str = ""
    tpm_pcrs: str = ""
    kind: Kind | None = None
    camera: str = "0"
    network: str = ""
    security: str = ""
    liveness: Liveness = "challenge"
    without_face: WithoutFace = "off"
    card: Card = "off"
    minifas: Path | None = None
    liveness_head: bool = True
    language: str = "en"
    speech: Speech = "on_request"
    speech_device: str = ""
    receipt_printer: str = "off"
    headphones: str = "off"
    dispenser: str = "simulated"
    dispenser_ca: Path | None = None
    currency: str = "EUR"
    day_limit: int = 1000
    smallest_note: int = 10
    opening_limit: int | None = None
    fullscreen: bool = False
    screen_width_mm: float | None = None
    keep_inactive_days: int = 0
    metrics: str = ""
    idle_s: float = 60.0
    more_time_s: float = 20.0
    login_limit_s: float = 10.0
    store: str = ""
    store_ca: Path | None = None
    store_cert: Path | None = None
    store_key: Path | None = None


def load_settings(config: Path | None, environ: Mapping[str, str], **options: object) -> Settings:
    """Return the settings from all four sources.

    Args:
        config: A TOML file that must exist; when None, the one that ``ATM_CONFIG`` names, else
            ``kiosk.toml`` in the data folder if it is there. Its keys are the fields of `Settings`;
            relative folders in it start at its own folder.
        environ: The environment; ``ATM_CAMERA`` sets `camera`, and so on. Empty counts as unset.
        **options: Fields of `Settings`, as text or as their own type; None counts as not given.

    Raises:
        SettingsError: If a file cannot be read, a name is unknown, or a value cannot be used.
    """
    chosen = _from_environ(environ) | _from_options(options)
    if config is None and environ.get(CONFIG_VARIABLE):
        config = Path(environ[CONFIG_VARIABLE])
    if config is not None:
        from_file = settings_in(config)
    else:
        data_dir = chosen.get("data_dir") or _at_home("data_dir", "data")
        try:
            there = (data_dir / CONFIG_FILE).exists()
        except OSError as error:
            raise SettingsError(f"The data folder cannot be used: {error.strerror}.") from error
        from_file = settings_in(data_dir / CONFIG_FILE) if there else {}
        if "data_dir" in from_file:
            raise SettingsError(f"data_dir cannot be set in {data_dir / CONFIG_FILE} itself.")
    settings = Settings(**(from_file | chosen))
    if settings.smallest_note > settings.day_limit:
        raise SettingsError("smallest_note is more than day_limit.")
    if settings.store and not (settings.store_ca and settings.store_cert and settings.store_key):
        raise SettingsError("store needs store_ca, store_cert and store_key.")
    if settings.store and settings.without_face != "off":
        raise SettingsError("without_face must be off with store: the service needs the face.")
    if settings.store and settings.receipt_printer != "off":
        raise SettingsError("receipt_printer must be off with store.")
    if settings.receipt_printer != "off" and find_spec("escpos") is None:
        raise SettingsError("receipt_printer needs more packages: run “make hardware”.")
    if settings.store and settings.dispenser != "simulated":
        raise SettingsError("dispenser must be simulated with store.")
    if settings.dispenser != "simulated" and find_spec("websockets") is None:
        raise SettingsError("dispenser needs more packages: run “make hardware”.")
    if settings.store and settings.card != "off":
        raise SettingsError("card must be off with store: the service knows no cards.")
    if settings.card != "off" and not all(map(find_spec, ("fido2", "smartcard"))):
        raise SettingsError("card needs more packages: run “make hardware”.")
    if settings.store and settings.keep_inactive_days:
        raise SettingsError(
            "keep_inactive_days must be 0 with store: the service does not delete unused accounts."
        )
    return settings


def _at_home(setting: str, sort: Literal["data", "config"]) -> Path:
    """Return the folder of this program among the user's own.

    Raises:
        SettingsError: If the user has no home folder, as in a container or a service.
    """
    folders = PlatformDirs(_APP)
    try:
        return folders.user_data_path if sort == "data" else folders.user_config_path
    except RuntimeError as error:
        raise SettingsError(
            f"There is no home folder: set {PREFIX}{setting.upper()} to the absolute path to use."
        ) from error


def _from_options(options: Mapping[str, object]) -> dict[str, Any]:
    given = {name: value for name, value in options.items() if value is not None}
    return _checked(given, lambda name: f"option {name}", text=True)


def _from_environ(environ: Mapping[str, str]) -> dict[str, Any]:
    found = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environ.items()
        if name.startswith(PREFIX)
        and not name.startswith(SERVICE_PREFIX)
        and name not in OTHER_VARIABLES
        and value
    }
    return _checked(found, lambda name: f"variable {PREFIX}{name.upper()}", text=True)


def settings_in(path: Path) -> dict[str, Any]:
    """Return the settings that the file *path* names, in the types of `Settings`.

    Raises:
        SettingsError: If it cannot be read, a name is unknown, or a value cannot be used.
    """
    try:
        document = tomllib.loads(read_regular(path, _LARGEST_BYTES).decode("utf-8-sig"))
    except OSError as error:
        raise SettingsError(f"The settings {path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"The settings {path} are not valid TOML: {error}.") from error
    found = _checked(document, lambda name: f"file {path}", text=False)
    folders = {
        name: path.absolute().parent / value
        for name, value in found.items()
        if isinstance(value, Path)
    }
    return found | folders


def _checked(
    found: Mapping[str, object], where: Callable[[str], str], *, text: bool
) -> dict[str, Any]:
    """Return *found* in the types of `Settings`; if *text*, numbers may be given as text."""
    checked: dict[str, Any] = {}
    for name, value in found.items():
        if name not in _READERS:
            nearest = did_you_mean(name, _READERS)
            raise SettingsError(f"There is no setting called {name} ({where(name)}).{nearest}")
        try:
            checked[name] = _READERS[name](value, text)
        except ValueError as error:
            raise SettingsError(f"{name} must be {error} ({where(name)}).") from error
    return checked


_Reader = Callable[[object, bool], object]


def _text(value: object, text: bool) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_TEXT or "\0" in value:
        raise ValueError(f"a text of 1 to {_LONGEST_TEXT} characters")
    return value


def _path(value: object, text: bool) -> Path:
    if text and isinstance(value, Path):
        return value.expanduser()
    try:
        return Path(_text(value, text)).expanduser()
    except RuntimeError as error:  # no such home
        raise ValueError("the path of a folder") from error


def _service(value: object, text: bool) -> str:
    if not isinstance(value, str) or not _SERVICE.fullmatch(value):
        raise ValueError("an address such as https://bank.example:8443")
    return value.rstrip("/")


def _tpm(value: object, text: bool) -> str:
    if not isinstance(value, str) or not PLACE_OF_TPM.fullmatch(value):
        raise ValueError("a TPM such as device:/dev/tpmrm0")
    return value


def _pcrs(value: object, text: bool) -> str:
    if not isinstance(value, str) or not _PCRS.fullmatch(value):
        raise ValueError("PCRs such as sha256:0,7")
    return value


def _one_of(*choices: str) -> _Reader:
    def read(value: object, text: bool) -> str:
        if not isinstance(value, str) or value not in choices:
            raise ValueError("one of " + ", ".join(choices))
        return value

    return read


def _kind(value: object, text: bool) -> Kind:
    return Kind(str(_one_of(*Kind)(value, text)))


def _language(value: object, text: bool) -> str:
    if not isinstance(value, str) or not _LANGUAGE.fullmatch(value):
        raise ValueError("a language's code such as en")
    return value


def _sound_device(value: object, text: bool) -> str:
    if not isinstance(value, str) or not _SOUND_DEVICE.fullmatch(value):
        raise ValueError("a sound device such as plughw:CARD=PCH")
    return value


def _printer(value: object, text: bool) -> str:
    if not isinstance(value, str) or not _PRINTER.fullmatch(value):
        raise ValueError("off, or a printer such as usb:04b8:0202 or tcp:192.0.2.7:9100")
    return value


def _dispenser(value: object, text: bool) -> str:
    if not isinstance(value, str) or not _DISPENSER.fullmatch(value):
        raise ValueError("simulated, or such as xfs4iot+wss://192.0.2.7:5846/xfs4iot/v1.0")
    return value


def _input_device(value: object, text: bool) -> str:
    if not isinstance(value, str) or not _INPUT_DEVICE.fullmatch(value):
        raise ValueError("off, or the name of an input device such as HDA Intel PCH Headphone")
    return value


def _currency(value: object, text: bool) -> str:
    if not isinstance(value, str) or not _CURRENCY.fullmatch(value):
        raise ValueError("three capital letters such as EUR")
    return value


def _units(value: object, text: bool) -> int:
    if text and isinstance(value, str) and _WHOLE.fullmatch(value):
        value = int(value)
    if type(value) is not int or not 1 <= value <= _LARGEST_AMOUNT:
        raise ValueError(f"a whole number from 1 to {_LARGEST_AMOUNT}")
    return value


def _units_or_zero(value: object, text: bool) -> int:
    if (text and value == "0") or (type(value) is int and value == 0):
        return 0
    try:
        return _units(value, text)
    except ValueError as error:
        raise ValueError(f"a whole number from 0 to {_LARGEST_AMOUNT}") from error


def _keep_days(value: object, text: bool) -> int:
    found = _units_or_zero(value, text)
    if found and not SHORTEST_KEEP_DAYS <= found <= _LONGEST_KEEP_DAYS:
        raise ValueError(f"0, or days from {SHORTEST_KEEP_DAYS} to {_LONGEST_KEEP_DAYS}")
    return found


def metrics_address(value: object, text: bool) -> str:
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


def _between(low: float, high: float) -> _Reader:
    def read(value: object, text: bool) -> float:
        if text and isinstance(value, str) and _DECIMAL.fullmatch(value):
            value = float(value)
        if type(value) not in (int, float) or not low <= cast(float, value) <= high:
            raise ValueError(f"a number from {low:g} to {high:g}")
        return float(cast(float, value))

    return read


def _truth(value: object, text: bool) -> bool:
    if text and isinstance(value, str) and value.lower() in (*_TRUE, *_FALSE):
        return value.lower() in _TRUE
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


_READERS: dict[str, _Reader] = {
    "data_dir": _path,
    "key_dir": _path,
    "anchor_dir": _path,
    "tpm": _tpm,
    "tpm_pcrs": _pcrs,
    "kind": _kind,
    "camera": _text,
    "network": _one_of(*NETWORKS),
    "security": _one_of("1e-3", "1e-4", "1e-5"),
    "liveness": _one_of("challenge", "passive", "off"),
    "without_face": _one_of("off", "attended"),
    "card": _one_of("off", "optional", "required"),
    "minifas": _path,
    "liveness_head": _truth,
    "language": _language,
    "speech": _one_of("off", "on_request", "always"),
    "speech_device": _sound_device,
    "receipt_printer": _printer,
    "headphones": _input_device,
    "dispenser": _dispenser,
    "dispenser_ca": _path,
    "currency": _currency,
    "day_limit": _units,
    "smallest_note": _units,
    "opening_limit": _units_or_zero,
    "fullscreen": _truth,
    "screen_width_mm": _between(50, 5000),
    "keep_inactive_days": _keep_days,
    "metrics": metrics_address,
    "idle_s": _between(0.1, 3600),
    "more_time_s": _between(0.1, 3600),
    "login_limit_s": _between(0.1, 60),
    "store": _service,
    "store_ca": _path,
    "store_cert": _path,
    "store_key": _path,
}
