"""Metrics of a real service: what kiosks do is counted, and no kiosk reads them."""

import socket
import ssl
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from atm.errors import AtmError
from atm.fleet.service.settings import ServiceSettingsError, load_service_settings
from atm.fleet.service.store.schema import METADATA
from atm.login.decision import Outcome
from benchmarks.fleet.postgres import OWNER, PostgresServer
from tests.fleet.service.fleet import Fleet, enrol

PIN = "4071"
Found = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture(scope="module")
def address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"127.0.0.1:{free.getsockname()[1]}"


@pytest.fixture(scope="module")
def watched(
    server: PostgresServer, tmp_path_factory: pytest.TempPathFactory, address: str
) -> Iterator[Fleet]:
    """A service with metrics, over an empty database."""
    with server.connect() as connection:
        connection.execute(f"TRUNCATE {', '.join(METADATA.tables)}")
    made = Fleet(tmp_path_factory.mktemp("fleet"), server.url(), server.url(OWNER))
    made.environment["ATM_SERVICE_METRICS"] = address
    made.set_up()
    made.start()
    yield made
    made.close()


def values(address: str) -> Found:
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=60) as answer:
        text = answer.read().decode()
    assert "maria" not in text and "hall-1" not in text
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.mark.faces
def test_decisions_and_requests_are_counted_and_nobody_is_named(
    watched: Fleet, address: str, people: list[tuple[Path, Path]]
) -> None:
    kiosk = watched.kiosk("hall-1", people[0][0])
    enrol(kiosk, "maria", PIN)
    kiosk.use_camera(str(people[0][1]))
    assert kiosk.login("maria", PIN).outcome is Outcome.GRANTED
    assert kiosk.login("maria", "4072").outcome is Outcome.REFUSED
    found = values(address)
    ways = (("way", "face"),)
    assert found["atm_logins_total", (("outcome", "granted"), *ways)] == 1
    assert found["atm_logins_total", (("outcome", "refused"), *ways)] == 1
    assert found["atm_database_up", ()] == 1 and found["atm_holds_open", ()] == 0
    enrolled = (("route", "/enrolments"), ("status", "200"))
    assert found["atm_request_seconds_count", enrolled] == 1


def test_a_path_that_somebody_made_up_is_no_label_and_no_kiosk_reads_the_metrics(
    watched: Fleet, address: str
) -> None:
    pair = watched.authority.issue("hall-2")
    watched.register("hall-2", pair)
    files = watched.files(pair)
    context = ssl.create_default_context(cafile=str(files.ca))
    context.load_cert_chain(files.certificate, files.key)
    with httpx.Client(verify=context, base_url=files.address) as client:
        for path in ("/metrics", "/maria", "/v1/metrics"):
            assert client.post(path, json={}).status_code == 404
    routes = {dict(labels).get("route") for name, labels in values(address)}
    assert "none" in routes and not {"/maria", "/metrics"} & routes


def test_an_occupied_port_is_told_at_the_start(watched: Fleet, address: str) -> None:
    with pytest.raises(AtmError, match="Address already in use") as caught:
        watched.command("run")  # the one that runs has the port
    assert address in str(caught.value)


def test_only_this_machine_reads_them_unless_the_setting_says_so() -> None:
    known = {"ATM_SERVICE_DATABASE": "postgresql://a/b", "ATM_SERVICE_KEYS": "/k"}
    for value in ("127.0.0.1:9465", "exposed:0.0.0.0:9465"):
        assert load_service_settings(known | {"ATM_SERVICE_METRICS": value}).metrics == value
    with pytest.raises(ServiceSettingsError, match="ATM_SERVICE_METRICS must be an address of"):
        load_service_settings(known | {"ATM_SERVICE_METRICS": "0.0.0.0:9465"})
