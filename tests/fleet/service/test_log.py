"""Tests of the kiosk's log and its copy at the service: in order, with nothing lost early."""

import threading
from pathlib import Path
from typing import Any

import pytest

from atm.audit import AuditLog
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

    def call(self, path: str, *, entries: list[dict[str, Any]]) -> dict[str, Any]:
        self.asked.set()
        assert path == "audit"
        if not self.answers:
            raise ServiceUnavailable
        self.taken += entries
        return {}

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
    assert service.taken[-1]["fields"] == {"step": "held", "reference": "ABCDEFGH"}
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
