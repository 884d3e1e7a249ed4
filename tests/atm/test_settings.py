"""Settings: priority of the four sources, and refusal of everything unknown."""

import codecs
import dataclasses
import os
from pathlib import Path

import pytest

import atm.settings as settings_module
from atm.folder import Kind
from atm.settings import Settings, SettingsError, load_settings


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "data"
    path.mkdir()
    return path


def test_defaults_are_those_of_the_issue() -> None:
    settings = Settings()
    assert settings == Settings(
        data_dir=settings.data_dir,
        key_dir=settings.key_dir,
        kind=None,
        camera="0",
        network="",
        security="",
        language="en",
        currency="EUR",
        day_limit=1000,
        smallest_note=10,
        fullscreen=False,
        screen_width_mm=None,
        idle_s=60,
        more_time_s=20,
        login_limit_s=10,
    )
    assert not settings.key_dir.is_relative_to(settings.data_dir)
    assert settings.data_dir.name == "two-factor-atm"


def test_settings_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().camera = "1"  # type: ignore[misc]


def test_later_sources_win(data: Path) -> None:
    (data / "kiosk.toml").write_text('camera = "1"\nlanguage = "es"\nday_limit = 500\n')
    environ = {"ATM_DATA_DIR": str(data), "ATM_CAMERA": "2", "ATM_DAY_LIMIT": "600", "HOME": "/"}
    settings = load_settings(None, environ, camera="3", network=None)
    assert (settings.camera, settings.day_limit, settings.language) == ("3", 600, "es")
    assert settings.data_dir == data
    assert settings.smallest_note == 10


def test_default_data_folder_may_hold_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    (tmp_path / "two-factor-atm").mkdir()
    (tmp_path / "two-factor-atm" / "kiosk.toml").write_text('camera = "7"')
    assert load_settings(None, {}).camera == "7"


def test_named_file_replaces_the_one_in_the_data_folder(tmp_path: Path, data: Path) -> None:
    (data / "kiosk.toml").write_text('camera = "1"')
    (tmp_path / "other.toml").write_text('language = "es"\ndata_dir = "data"\nkey_dir = "/k"')
    settings = load_settings(tmp_path / "other.toml", {})
    assert (settings.camera, settings.language) == ("0", "es")
    assert settings.data_dir == data  # relative to the file
    assert settings.key_dir == Path("/k")


def test_every_setting_can_come_from_every_source(tmp_path: Path) -> None:
    as_text = {
        "data_dir": "/d",
        "key_dir": "/k",
        "anchor_dir": "/a",
        "tpm": "device:/dev/tpmrm0",
        "tpm_pcrs": "sha256:0,7",
        "kind": "test",
        "camera": "demo:3",
        "network": "vggface2",
        "security": "1e-5",
        "liveness": "passive",
        "without_face": "off",
        "card": "off",
        "minifas": "/m",
        "liveness_head": "no",
        "language": "es",
        "speech": "always",
        "speech_device": "plughw:CARD=PCH,DEV=0",
        "receipt_printer": "off",
        "headphones": "HDA Intel PCH Headphone",
        "dispenser": "simulated",
        "dispenser_ca": "/dispenser",
        "currency": "USD",
        "day_limit": "300",
        "smallest_note": "20",
        "opening_limit": "0",
        "fullscreen": "yes",
        "screen_width_mm": "380.5",
        "keep_inactive_days": "0",
        "metrics": "[::1]:9464",
        "idle_s": "30",
        "more_time_s": "10.5",
        "login_limit_s": "8",
        "store": "https://bank.example:8443",
        "store_ca": "/ca",
        "store_cert": "/cert",
        "store_key": "/key",
    }
    wanted = Settings(
        data_dir=Path("/d"),
        key_dir=Path("/k"),
        anchor_dir=Path("/a"),
        tpm="device:/dev/tpmrm0",
        tpm_pcrs="sha256:0,7",
        kind=Kind.TEST,
        camera="demo:3",
        network="vggface2",
        security="1e-5",
        liveness="passive",
        minifas=Path("/m"),
        liveness_head=False,
        language="es",
        speech="always",
        speech_device="plughw:CARD=PCH,DEV=0",
        headphones="HDA Intel PCH Headphone",
        dispenser_ca=Path("/dispenser"),
        currency="USD",
        day_limit=300,
        smallest_note=20,
        opening_limit=0,
        fullscreen=True,
        screen_width_mm=380.5,
        metrics="[::1]:9464",
        store="https://bank.example:8443",
        store_ca=Path("/ca"),
        store_cert=Path("/cert"),
        store_key=Path("/key"),
        idle_s=30,
        more_time_s=10.5,
        login_limit_s=8,
    )
    assert set(as_text) == {each.name for each in dataclasses.fields(Settings)}
    environ = {f"ATM_{name.upper()}": value for name, value in as_text.items()}
    assert load_settings(None, environ) == wanted
    assert load_settings(None, {}, **as_text) == wanted
    own = {each.name: getattr(wanted, each.name) for each in dataclasses.fields(Settings)}
    assert load_settings(None, {}, **own) == wanted
    bare = {"fullscreen", "day_limit", "smallest_note", "opening_limit", "screen_width_mm"}
    bare |= {"keep_inactive_days", "idle_s", "more_time_s", "login_limit_s", "liveness_head"}
    lines = [f"{k} = {v if k in bare else repr(v)}" for k, v in as_text.items()]
    text = "\n".join(lines).replace("= yes", "= true").replace("= no\n", "= false\n")
    (tmp_path / "all.toml").write_text(text)
    assert load_settings(tmp_path / "all.toml", {}) == wanted


def test_receipts_need_their_packages_and_no_service(monkeypatch: pytest.MonkeyPatch) -> None:
    printer = {"receipt_printer": "usb:04b8:0202"}
    assert load_settings(None, {}, **printer).receipt_printer == "usb:04b8:0202"
    service = {"store": "https://a", "store_ca": "/a", "store_cert": "/a", "store_key": "/a"}
    with pytest.raises(SettingsError, match="must be off with store"):
        load_settings(None, {}, **printer, **service)
    with pytest.raises(SettingsError, match="off, or a printer such as"):
        load_settings(None, {}, receipt_printer="usb:1:2")
    monkeypatch.setattr(settings_module, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match="make hardware"):
        load_settings(None, {}, **printer)


def test_cards_need_their_packages_and_no_service(monkeypatch: pytest.MonkeyPatch) -> None:
    there = {"fido2", "smartcard"}
    monkeypatch.setattr(settings_module, "find_spec", lambda name: name if name in there else None)
    assert load_settings(None, {}, card="optional").card == "optional"
    service = {"store": "https://a", "store_ca": "/a", "store_cert": "/a", "store_key": "/a"}
    with pytest.raises(SettingsError, match="card must be off with store"):
        load_settings(None, {}, card="required", **service)
    with pytest.raises(SettingsError, match="one of off, optional, required"):
        load_settings(None, {}, card="on")
    for name in ("fido2", "smartcard"):
        there = {"fido2", "smartcard"} - {name}
        assert load_settings(None, {}).card == "off"
        with pytest.raises(SettingsError, match="card needs more packages: run “make hardware”"):
            load_settings(None, {}, card="required")


DEVICE = "xfs4iot+wss://dispenser.example:5846/xfs4iot/v1.0"


def test_a_dispenser_needs_its_package_and_no_service(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings(None, {}).dispenser == "simulated"
    assert load_settings(None, {}, dispenser=DEVICE).dispenser == DEVICE
    service = {"store": "https://a", "store_ca": "/a", "store_cert": "/a", "store_key": "/a"}
    with pytest.raises(SettingsError, match="must be simulated with store"):
        load_settings(None, {}, dispenser=DEVICE, **service)
    monkeypatch.setattr(settings_module, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match="make hardware"):
        load_settings(None, {}, dispenser=DEVICE)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_a_dispenser_without_tls_is_on_this_machine(host: str) -> None:
    address = f"xfs4iot+ws://{host}:5846/xfs4iot/v1.0"
    assert load_settings(None, {}, dispenser=address).dispenser == address


@pytest.mark.parametrize(
    "address",
    [
        "xfs4iot+ws://192.0.2.7:5846/xfs4iot/v1.0", "wss://192.0.2.7:5846/", "xfs4iot",
        "xfs4iot+ws://127.0.0.1.example:5846/", "xfs4iot+wss://a@b:5846/", "off",
        "xfs4iot+ws://localhost@192.0.2.7:5846/", "xfs4iot+wss://dispenser.example:5846",
        "xfs4iot+wss://dispenser.example:5846/?a=b", "xfs4iot+http://dispenser.example:5846/",
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_dispenser(address: str) -> None:
    with pytest.raises(SettingsError, match="simulated, or such as"):
        load_settings(None, {}, dispenser=address)


def test_a_pipe_in_place_of_the_file_is_refused_and_not_waited_for(data) -> None:
    os.mkfifo(data / "kiosk.toml")
    with pytest.raises(SettingsError, match="not a regular file"):
        load_settings(None, {}, data_dir=data)


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_file_from_an_editor_of_windows(tmp_path, line_end) -> None:
    lines = ['language = "es"', "day_limit = 500", ""]
    (tmp_path / "a.toml").write_bytes(codecs.BOM_UTF8 + line_end.join(lines).encode())
    settings = load_settings(tmp_path / "a.toml", {})
    assert (settings.language, settings.day_limit) == ("es", 500)


def test_unknown_names_are_named_with_their_source(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("camra = 1")
    with pytest.raises(SettingsError, match=r"called camra \(file .*a\.toml\)"):
        load_settings(tmp_path / "a.toml", {})
    with pytest.raises(SettingsError, match=r"called camra \(variable ATM_CAMRA\)"):
        load_settings(None, {"ATM_CAMRA": "1"})
    with pytest.raises(SettingsError, match=r"called camra \(option camra\)"):
        load_settings(None, {}, camra="1")
    with pytest.raises(SettingsError, match="called window"):
        (tmp_path / "a.toml").write_text("[window]\nfullscreen = true")
        load_settings(tmp_path / "a.toml", {})


def test_a_service_needs_the_kiosk_s_certificate_and_its_authority(data: Path) -> None:
    files = {"store_ca": "/a", "store_cert": "/b", "store_key": "/c"}
    assert load_settings(None, {}, data_dir=data, store="https://bank", **files).store
    for name in files:
        with pytest.raises(SettingsError, match="store needs"):
            left = {other: path for other, path in files.items() if other != name}
            load_settings(None, {}, data_dir=data, store="https://bank", **left)


def test_a_service_refuses_the_deletion_of_unused_accounts(data: Path) -> None:
    files = {"store_ca": "/a", "store_cert": "/b", "store_key": "/c"}
    assert load_settings(None, {}, data_dir=data, keep_inactive_days=60).keep_inactive_days == 60
    with pytest.raises(SettingsError, match="the service does not delete unused accounts"):
        load_settings(None, {}, data_dir=data, store="https://bank", keep_inactive_days=60, **files)


def test_only_who_says_so_has_the_metrics_read_from_other_machines(data: Path) -> None:
    for address in ("127.0.0.1:9464", "127.8.8.8:1", "exposed:0.0.0.0:9464", "exposed:[::]:80"):
        assert load_settings(None, {}, data_dir=data, metrics=address).metrics == address


def test_variables_of_the_service_are_no_settings_of_a_kiosk(data: Path) -> None:
    environ = {"ATM_SERVICE_PORT": "1", "ATM_DATA_DIR": str(data)}
    assert load_settings(None, environ).camera == "0"


def test_variable_of_the_tests_and_empty_ones_are_no_settings(data: Path) -> None:
    environ = {"ATM_SHARED": "/x", "ATM_CAMERA": "", "ATM_DATA_DIR": str(data)}
    assert load_settings(None, environ).camera == "0"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("kind", "production", "one of live, test, demo"),
        ("store", "http://bank.example", "an address such as"),
        ("store", "https://bank.example/path", "an address such as"),
        ("camera", "", "a text of"),
        ("camera", "x" * 1001, "a text of"),
        ("camera", "a\0b", "a text of"),
        ("network", "resnet", "one of bundled, vggface2"),
        ("security", "1e-6", "one of 1e-3, 1e-4, 1e-5"),
        ("language", "english", "a language's code such as en"),
        ("language", "E", "a language's code such as en"),
        ("tpm", "cmd:swtpm socket", "a TPM such as device:/dev/tpmrm0"),
        ("tpm_pcrs", "0,7", "PCRs such as sha256:0,7"),
        ("currency", "eur", "three capital letters"),
        ("currency", "€", "three capital letters"),
        ("day_limit", "0", "a whole number from 1"),
        ("day_limit", "-5", "a whole number from 1"),
        ("day_limit", "1.5", "a whole number from 1"),
        ("opening_limit", "-1", "a whole number from 0"),
        ("opening_limit", False, "a whole number from 0"),
        ("day_limit", "１００", "a whole number from 1"),
        ("day_limit", "9" * 100, "a whole number from 1"),
        ("day_limit", True, "a whole number from 1"),
        ("smallest_note", "ten", "a whole number from 1"),
        ("fullscreen", "maybe", "true or false"),
        ("screen_width_mm", "0", "a number from 50 to 5000"),
        ("idle_s", "nan", "a number from"),
        ("idle_s", float("nan"), "a number from"),
        ("idle_s", "inf", "a number from"),
        ("login_limit_s", "61", "a number from 0.1 to 60"),
        ("keep_inactive_days", "59", "0, or days from 60 to 36500"),
        ("keep_inactive_days", "36501", "0, or days from 60 to 36500"),
        ("keep_inactive_days", "-1", "a whole number from 0"),
        ("metrics", "9464", "an address with a port, such as 127.0.0.1:9464"),
        ("metrics", "localhost:9464", "an address with a port"),
        ("metrics", "127.0.0.1:65536", "an address with a port"),
        ("metrics", "127.0.0.999:9464", "an address with a port"),
        ("metrics", "0.0.0.0:9464", "an address of this machine alone"),
        ("metrics", "[::]:9464", "an address of this machine alone"),
        ("metrics", "192.168.1.5:9464", "an address of this machine alone"),
        ("data_dir", 5, "a text of"),
    ],
)
def test_value_that_cannot_be_is_a_sentence_with_its_name(
    name: str, value: object, sentence: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(None, {}, **{name: value})
    assert str(caught.value).startswith(f"{name} must be {sentence}")
    assert str(caught.value).endswith(f"(option {name}).")


@pytest.mark.parametrize(
    "line",
    [
        "camera = 0",
        'day_limit = "500"',
        "day_limit = 500.0",
        "day_limit = true",
        'fullscreen = "yes"',
        "fullscreen = 1",
        "idle_s = '60'",
        "idle_s = nan",
        "kind = ['live']",
        "key_dir = 5",
    ],
)
def test_file_has_values_of_the_right_type(tmp_path: Path, line: str) -> None:
    (tmp_path / "a.toml").write_text(line)
    with pytest.raises(SettingsError, match=f"^{line.split()[0]} must be .*a\\.toml"):
        load_settings(tmp_path / "a.toml", {})


@pytest.mark.parametrize("content", [b"camera = ", b"\xff\xfe", b"a = " + b"[" * 100_000])
def test_broken_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.toml").write_bytes(content)
    with pytest.raises(SettingsError, match=r"a\.toml are not valid TOML"):
        load_settings(tmp_path / "a.toml", {})


def test_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.toml cannot be read"):
        load_settings(tmp_path / "none.toml", {})


def test_file_in_the_data_folder_cannot_move_the_data_folder(data: Path) -> None:
    (data / "kiosk.toml").write_text('data_dir = "/elsewhere"')
    with pytest.raises(SettingsError, match="data_dir cannot be set"):
        load_settings(None, {}, data_dir=data)


def test_note_larger_than_the_day_limit_is_refused() -> None:
    with pytest.raises(SettingsError, match="smallest_note is more than day_limit"):
        load_settings(None, {}, smallest_note=50, day_limit=40)


def test_home_is_expanded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    assert load_settings(None, {}, data_dir="~/atm").data_dir == Path("/home/ada/atm")


def test_a_variable_names_the_settings_file_where_no_option_does(data: Path) -> None:
    for name, limit in (("system", 700), ("option", 500)):
        (data.parent / f"{name}.toml").write_text(f'data_dir = "data"\nday_limit = {limit}\n')
    (data / "kiosk.toml").write_text("day_limit = 300\n")
    environ = {"ATM_CONFIG": str(data.parent / "system.toml")}
    settings = load_settings(None, environ)
    assert (settings.day_limit, settings.data_dir) == (700, data)
    assert load_settings(data.parent / "option.toml", environ).day_limit == 500
    assert load_settings(None, {"ATM_CONFIG": "", "ATM_DATA_DIR": str(data)}).day_limit == 300
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        load_settings(None, {"ATM_CONFIG": str(data / "missing.toml")})
