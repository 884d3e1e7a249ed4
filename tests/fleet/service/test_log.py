"""Tests of the kiosk's log and its copy at the service: in order, with nothing lost early."""

import threading
from pathlib import Path
from typing import Any

import pytest

from atm.audit import AuditError, AuditLog
from atm.audit.verifier import hand_over
from atm.errors import ServiceUnavailable
from atm.fleet.kiosk import log as kiosk_log
from atm.fleet.kiosk.log import KioskLog
from tests.patience import LIMIT_S, until


class Service:
    """Takes entries, or does not."""

    def __init__(self) -> None:
        self.answers = True
        self.taken: list[dict[str, Any]] = []
        self.asked = threading.Event()

    def call(self, path: str, *, entries: list[dict[str, Any]], folder: str = "") -> dict[str, Any]:
        self.asked.set()
        assert path == "audit"
        if not self.answers:
            raise ServiceUnavailable
        self.taken += entries
        newest = self.taken[-1]["fields"]["own"] if self.taken and not entries else None
        return {"newest": newest}

    @property
    def kinds(self) -> list[str]:
        return [entry["kind"] for entry in self.taken]


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def log(tmp_path: Path, service: Service) -> KioskLog:
    local = AuditLog(tmp_path / "audit.jsonl", tmp_path / "a.audit", tmp_path / "a.anchor")
    return KioskLog(local, service)  # type: ignore[arg-type]


def own(log: KioskLog) -> list[object]:
    return [entry["kind"] for entry in log.entries()]


def test_an_anchored_entry_is_at_the_service_with_all_before_it(
    log: KioskLog, service: Service
) -> None:
    service.answers = False
    log.append("start")
    log.append("models", network="bundled")
    service.answers = True
    log.append("withdrawal", anchor=True, step="held", reference="ABCDEFGH")
    assert service.kinds == own(log) == ["start", "models", "withdrawal"]
    fields = {"step": "held", "reference": "ABCDEFGH", "own": ["a", *log.local.newest()]}
    assert service.taken[-1]["fields"] == fields
    log.close()


def test_an_anchored_entry_that_the_service_did_not_take_is_an_error_and_said(
    log: KioskLog, service: Service
) -> None:
    service.answers = False
    with pytest.raises(ServiceUnavailable):
        log.append("withdrawal", anchor=True, step="held", reference="ABCDEFGH")
    assert own(log) == ["withdrawal", "unsent"]
    assert log.tail(1)[0]["reference"] == "ABCDEFGH"
    service.answers = True
    log.close()
    assert service.kinds == ["withdrawal", "unsent"]


def test_other_entries_follow_by_themselves(
    log: KioskLog, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kiosk_log, "RETRY_S", 0.01)
    service.answers = False
    log.append("start")
    assert service.asked.wait(LIMIT_S)
    service.answers = True
    until(lambda: service.taken)
    assert service.kinds == ["start"]
    log.close()


def test_what_waits_too_long_is_in_the_kiosk_s_log_alone(
    log: KioskLog, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.answers = False
    for number in range(kiosk_log.MOST_WAITING + 5):
        log.append("pause", number=number)
    service.answers = True
    log.close()
    numbers = [entry["fields"]["number"] for entry in service.taken]
    assert numbers == list(range(5, kiosk_log.MOST_WAITING + 5))
    assert len(own(log)) == kiosk_log.MOST_WAITING + 5


def test_a_log_from_an_image_of_before_sends_nothing(
    log: KioskLog, service: Service, tmp_path: Path
) -> None:
    """Not even once it has as many entries again as the service knows."""
    log.append("start", anchor=True)
    image = {path: path.read_bytes() for path in tmp_path.iterdir()}
    log.append("withdrawal", anchor=True, step="held", reference="ABCDEFGH")
    log.close()
    again = KioskLog(copy_of(log), service)  # type: ignore[arg-type]
    again.append("start", anchor=True)
    again.close()
    taken = len(service.taken)
    for path, content in image.items():
        path.write_bytes(content)
    old = KioskLog(copy_of(log), service)  # type: ignore[arg-type]
    for _ in range(5):
        with pytest.raises(AuditError, match="old image"):
            old.append("withdrawal", anchor=True, step="held", reference="BCDEFGHI")
    assert len(service.taken) == taken


def test_a_log_that_was_begun_anew_goes_on(
    log: KioskLog, service: Service, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    log.append("start", anchor=True)
    log.close()
    (tmp_path / "a.audit").write_bytes(b"damaged")
    hand_over(copy_of(log), tmp_path_factory.mktemp("auditor") / "verifier", set_aside=True)
    again = KioskLog(copy_of(log), service)  # type: ignore[arg-type]
    again.append("start", anchor=True)
    assert service.kinds == ["start", "start"]


def copy_of(log: KioskLog) -> AuditLog:
    """Open the same files again."""
    own = log.local
    return AuditLog(own.path, own.key_path, own.anchor.path)
