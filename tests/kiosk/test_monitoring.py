"""The metrics of a kiosk's window: in service or not, its logins, and what stops no customer."""

import dataclasses
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from atm.folder import Kind
from atm.login.decision import Decision, Outcome
from atm.machine import Machine
from atm.opening import open_machine
from atm.settings import Settings
from kiosk import main
from kiosk.monitoring import Monitoring
from kiosk.supervisor import Heart
from tests.atm.test_metrics import page, values


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        data_dir=tmp_path / "data", key_dir=tmp_path / "keys", kind=Kind.TEST, camera="demo:1",
        network="bundled", metrics="127.0.0.1:9464",
    )  # fmt: skip


@pytest.fixture
def watch() -> Iterator[Monitoring]:
    made = Monitoring("127.0.0.1:0")
    yield made
    made.metrics.close()


@pytest.fixture
def machine(watch: Monitoring, settings: Settings) -> Iterator[Machine]:
    """A real machine, opened as the window opens it."""
    opened = watch.watched(open_machine)(settings)
    yield opened
    opened.close()


def test_before_there_is_a_machine_it_is_out_of_service_and_nothing_else_is_told(
    watch: Monitoring,
) -> None:
    found = values(watch.metrics)
    assert found["atm_in_service", ()] == 0
    assert ("atm_log_room_entries", ()) not in found


def test_a_real_machine_tells_its_room_and_its_open_withdrawals(
    watch: Monitoring, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine.audit, "room", lambda: 4_321)
    ledger = machine.bank.stores.ledger  # type: ignore[attr-defined]
    ledger.open_account("a" * 32, 5_000)
    ledger.hold("a" * 32, 1_000, smallest_note_minor=1_000, day_limit_minor=9_000)
    watch.in_service = lambda: True
    found = values(watch.metrics)
    assert found["atm_in_service", ()] == 1
    assert found["atm_holds_open", ()] == 1
    assert found["atm_log_room_entries", ()] == 4_321
    assert 0 < found["atm_disk_free_ratio", ()] < 1
    assert found["atm_camera_ready", ()] == 0  # nobody has asked for a picture yet
    assert found["atm_pause_seconds", ()] == 0
    for unknown in ("atm_face_check_pictures_per_second", "atm_key_backup_timestamp_seconds"):
        assert (unknown, ()) not in found


def test_a_part_that_cannot_be_read_is_left_out_and_the_rest_is_told(
    watch: Monitoring, machine: Machine
) -> None:
    (machine.folder.path / "ledger.sqlite").write_bytes(b"altered")
    found = values(watch.metrics)
    assert ("atm_holds_open", ()) not in found
    assert ("atm_log_room_entries", ()) in found


def test_every_login_of_the_machine_is_counted_once_with_its_way(
    watch: Monitoring, settings: Settings
) -> None:
    watched = dataclasses.replace(settings, without_face="attended")
    machine = watch.watched(open_machine)(watched)
    assert machine.login_attended("maria", "407163", None).outcome is Outcome.REFUSED
    machine.bank.login = lambda *_, **__: Decision(Outcome.NO_FACE)  # type: ignore[method-assign]
    machine.login("maria", "407163")
    machine.close()
    found = values(watch.metrics)
    assert found["atm_logins_total", ("refused", "attended")] == 1
    assert found["atm_logins_total", ("no_face", "face")] == 1
    assert found["atm_login_seconds_count", ("no_face",)] == 1
    assert "maria" not in page(watch.metrics)


def test_a_login_ends_also_where_it_cannot_be_counted(machine: Machine) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("no metrics")

    machine.told = fails
    machine.bank.login = lambda *_, **__: Decision(Outcome.NO_FACE)  # type: ignore[method-assign]
    assert machine.login("maria", "407163").outcome is Outcome.NO_FACE


def test_an_occupied_port_stops_no_customer_and_the_health_page_says_so(
    settings: Settings,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        watch = Monitoring(f"127.0.0.1:{other.getsockname()[1]}")
    machine = watch.watched(open_machine)(settings)
    assert "Address already in use" in " ".join(machine.health().notes)
    machine.close()


def test_a_machine_that_does_not_open_again_is_told_no_more(
    watch: Monitoring, machine: Machine, settings: Settings
) -> None:
    def fails(_settings: Settings) -> Machine:
        raise RuntimeError("out of service")

    with pytest.raises(RuntimeError):
        watch.watched(fails)(settings)
    assert ("atm_log_room_entries", ()) not in values(watch.metrics)


def test_without_the_library_the_kiosk_does_not_start_and_says_what_to_do(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    monkeypatch.setattr(main, "new_app", lambda *_, **__: pytest.fail("the window was opened"))
    assert main.run(settings, Heart()) == 2
    assert "run “make hardware”" in capsys.readouterr().err


@pytest.mark.gui
def test_the_window_that_serves_is_in_service_and_a_lost_camera_is_not(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, machine_of_window: Any
) -> None:
    fake, seen = machine_of_window, []
    free = socket.create_server(("127.0.0.1", 0))
    address = f"127.0.0.1:{free.getsockname()[1]}"
    free.close()

    def run(app: Any) -> None:
        watch = kept[0]
        deadline = time.monotonic() + 120
        for state in ("ready", "lost"):
            fake.camera.state = state
            while watch.in_service() is not (state == "ready"):
                assert time.monotonic() < deadline
                app.root.update()
            seen.append(state)
        app.close()

    kept: list[Monitoring] = []
    own = Monitoring.__init__

    def made(self: Monitoring, where: str) -> None:
        own(self, where)
        kept.append(self)

    monkeypatch.setattr(Monitoring, "__init__", made)
    monkeypatch.setattr("kiosk.app.App.run", run)
    monkeypatch.setattr(main, "open_machine", lambda _settings: fake)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    assert main.run(dataclasses.replace(settings, metrics=address), Heart()) == 0
    kept[0].metrics.close()
    assert seen == ["ready", "lost"]


@pytest.fixture
def machine_of_window(tmp_path: Path, settings: Settings) -> Any:
    from atm.accounts.ledger import Ledger
    from credentials.sealed.seal import Seal
    from tests.kiosk.fake_machine import FakeMachine

    return FakeMachine(settings, Ledger(tmp_path / "ledger.sqlite", Seal(bytes(32))))
