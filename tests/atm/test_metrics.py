"""Metrics as Prometheus reads them: right counts, nobody's name, and plain errors at the start."""

import dataclasses
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from atm.login.decision import Decision, Outcome, PinReason, PinResult, decide
from atm.metrics import READ_AGAIN_S, Gauges, Metrics, MetricsError
from face_auth.types import FaceResult, LivenessResult

ROOT = Path(__file__).parents[2]


class Machine:
    """A clock, and gauges that count how often they were read."""

    now, read = 0.0, 0

    def clock(self) -> float:
        return self.now

    def gauges(self) -> Gauges:
        self.read += 1
        return {"atm_holds_open": ("Open.", 3.0)}


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def metrics(machine: Machine) -> Iterator[Metrics]:
    made = Metrics("127.0.0.1:0", machine.gauges, machine.clock).serve()
    yield made
    made.close()


def page(metrics: Metrics) -> str:
    port = metrics._server[0].server_port  # type: ignore[attr-defined]
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
        return str(answer.read().decode())


def values(metrics: Metrics) -> dict[tuple[str, tuple[str, ...]], float]:
    """Return each sample by its name and the values of its labels, by the labels' names."""
    return {
        (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(page(metrics))
        for sample in family.samples
    }


def test_logins_are_counted_by_outcome_and_way_with_their_times(metrics: Metrics) -> None:
    metrics.login(Decision(Outcome.GRANTED), 1.5, "face")
    metrics.login(Decision(Outcome.GRANTED), 9.0, "face")
    metrics.login(Decision(Outcome.REFUSED), 2.0, "attended")
    found = values(metrics)
    assert found["atm_logins_total", ("granted", "face")] == 2
    assert found["atm_logins_total", ("refused", "attended")] == 1
    assert found["atm_logins_total", ("refused", "face")] == 0  # there before the first one
    assert found["atm_login_seconds_bucket", ("2.0", "granted")] == 1
    assert found["atm_login_seconds_sum", ("granted",)] == 10.5
    assert found["atm_login_seconds_count", ("refused",)] == 1
    assert found["atm_attacks_refused_total", ()] == 0
    assert found["atm_holds_open", ()] == 3


def test_a_refusal_for_an_attack_is_counted_apart_as_the_login_itself_decides(
    metrics: Metrics,
) -> None:
    pin = PinResult("a" * 32, True, PinReason.RIGHT)
    face = FaceResult("a" * 32, False, 0.1, 0.3, 3, liveness=LivenessResult(False, -1.0))
    for each in (face, dataclasses.replace(face, liveness=None)):
        metrics.login(decide(pin, each, elapsed_s=1.0, limit_s=10.0), 2.0, "face")
    assert values(metrics)["atm_logins_total", ("refused", "face")] == 2
    assert values(metrics)["atm_attacks_refused_total", ()] == 1


def test_whoever_logs_in_is_not_in_it_and_its_size_does_not_grow_with_people(
    metrics: Metrics,
) -> None:
    metrics.login(Decision(Outcome.GRANTED), 1.0, "face")
    before = values(metrics).keys()
    for n in range(200):
        reasons = (f"pin: wrong for maria{n}", "face: no_match")
        metrics.login(Decision(Outcome.GRANTED, f"{n:032x}", reasons), n / 10, "face")
    text = page(metrics)
    assert "maria" not in text and f"{7:032x}" not in text
    assert values(metrics).keys() == before


def test_gauges_are_read_when_asked_and_not_more_often_than_every_five_seconds(
    metrics: Metrics, machine: Machine
) -> None:
    assert machine.read == 0
    for _ in range(3):
        page(metrics)
    assert machine.read == 1
    machine.now = READ_AGAIN_S
    page(metrics)
    assert machine.read == 2


def test_the_version_is_told_and_no_time_at_which_something_came_first(metrics: Metrics) -> None:
    metrics.login(Decision(Outcome.REFUSED), 1.0, "face")
    text = page(metrics)
    assert 'atm_build_info{version="' in text
    assert "_created" not in text


def test_an_occupied_port_is_named(machine: Machine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(MetricsError) as caught:
            Metrics(f"127.0.0.1:{port}", machine.gauges).serve()
    assert str(caught.value) == (
        f"The metrics are not served at 127.0.0.1:{port}: Address already in use."
    )


def test_a_port_is_free_again_once_it_is_closed(machine: Machine) -> None:
    made = Metrics("127.0.0.1:0", machine.gauges).serve()
    port = made._server[0].server_port  # type: ignore[attr-defined]
    made.close()
    made.close()
    again = Metrics(f"exposed:127.0.0.1:{port}", machine.gauges).serve()
    assert page(again)
    again.close()


def test_a_missing_library_is_a_sentence_that_says_what_to_do(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(MetricsError, match="needs prometheus-client: run “make hardware”"):
        Metrics("127.0.0.1:9464", machine.gauges)


@pytest.mark.parametrize("module", ["kiosk.main", "atm.__main__", "atm.opening", "atm.metrics"])
def test_nobody_who_does_not_ask_for_metrics_loads_the_library(module: str) -> None:
    code = f"import sys, {module}; print('\\n'.join(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert module in loaded and "prometheus_client" not in loaded
