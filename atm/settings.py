"""Settings of a kiosk, in rising priority: defaults, kiosk.toml, environment, options."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from platformdirs import PlatformDirs

from atm import setting_values as read
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
_LARGEST_BYTES = 1 << 20


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


_READERS: dict[str, read.Reader] = {
    "data_dir": read.path,
    "key_dir": read.path,
    "anchor_dir": read.path,
    "tpm": read.tpm,
    "tpm_pcrs": read.pcrs,
    "kind": read.kind,
    "camera": read.words,
    "network": read.one_of(*NETWORKS),
    "security": read.one_of("1e-3", "1e-4", "1e-5"),
    "liveness": read.one_of("challenge", "passive", "off"),
    "without_face": read.one_of("off", "attended"),
    "card": read.one_of("off", "optional", "required"),
    "minifas": read.path,
    "liveness_head": read.truth,
    "language": read.language,
    "speech": read.one_of("off", "on_request", "always"),
    "speech_device": read.sound_device,
    "receipt_printer": read.printer,
    "headphones": read.input_device,
    "dispenser": read.dispenser,
    "dispenser_ca": read.path,
    "currency": read.currency,
    "day_limit": read.units,
    "smallest_note": read.units,
    "opening_limit": read.units_or_zero,
    "fullscreen": read.truth,
    "screen_width_mm": read.between(50, 5000),
    "keep_inactive_days": read.keep_days,
    "metrics": read.metrics_address,
    "idle_s": read.between(0.1, 3600),
    "more_time_s": read.between(0.1, 3600),
    "login_limit_s": read.between(0.1, 60),
    "store": read.service,
    "store_ca": read.path,
    "store_cert": read.path,
    "store_key": read.path,
}
