"""What is no XFS4IoT, another host, or another certificate ends before any note moves."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from atm.accounts.dispenser import NotDispensed
from atm.xfs4iot import discovery
from atm.xfs4iot.discovery import find_dispenser
from atm.xfs4iot.dispenser import Limits, Xfs4iotDispenser
from atm.xfs4iot.link import Link, LinkError
from benchmarks.fleet.certificates import Authority
from tests.atm.xfs4iot.conftest import Bank
from tests.patience import LIMIT_S
from tools.xfs4iot_simulator.service import ROOT, Simulator

NAME = "Common.Status"


@contextmanager
def saying(*texts: str | bytes, **options: Any) -> Iterator[str]:
    """A server that answers every message with *texts*; yields its address."""

    def answer(connection: ServerConnection) -> None:
        for _text in connection:
            for each in texts:
                connection.send(each)

    with serve(answer, "127.0.0.1", 0, **options) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        finally:
            server.shutdown()
            thread.join()


def message(kind: str, name: str = NAME, request: Any = 1, **payload: Any) -> str:
    return json.dumps(
        {"header": {"type": kind, "name": name, "requestId": request}, "payload": payload}
    )


@pytest.mark.parametrize(
    "text",
    [
        "no JSON", b"\xff\xfe", "[]", "7", '{"header": 7}', '{"header": {}}', "[" * 100_000,
        '{"header": {"type": "event", "name": 7}}',
        '{"header": {"type": "event", "name": "x"}, "payload": [1]}',
        message("completion", request=2), message("acknowledge", request=2, status="ok"),
        message("completion", request="1"),
    ],
)  # fmt: skip
def test_what_is_no_answer_ends_the_connection(text: str | bytes) -> None:
    with saying(text) as address, Link(address, None, LIMIT_S) as link, pytest.raises(LinkError):
        link.command(NAME, {}, LIMIT_S)


def test_events_without_an_end() -> None:
    events = [message("event", "Storage.StorageChangedEvent")] * 1001
    with (
        saying(*events) as address,
        Link(address, None, LIMIT_S) as link,
        pytest.raises(LinkError, match="without an end"),
    ):
        link.command(NAME, {}, LIMIT_S)


def test_a_command_that_is_not_accepted_and_one_with_its_own_error() -> None:
    refused = message("acknowledge", status="tooManyRequests")
    with saying(refused) as address, Link(address, None, LIMIT_S) as link:
        assert link.command(NAME, {}, LIMIT_S).code == "refused: tooManyRequests"
    failed = message("completion", completionCode="commandErrorCode", errorCode="noItems")
    with saying(failed) as address, Link(address, None, LIMIT_S) as link:
        assert link.command(NAME, {}, LIMIT_S).code == "noItems"


def test_an_event_of_an_earlier_command_does_not_count() -> None:
    """Notes that were taken before belong to another pay-out."""
    taken = message("unsolicited", "CashManagement.ItemsTakenEvent", 0)
    both = message("completion"), message("completion", request=2)
    with saying(taken, *both) as address, Link(address, None, LIMIT_S) as link:
        link.command(NAME, {}, LIMIT_S)
        assert link.wait_for("CashManagement.ItemsTakenEvent", 0, lambda told: True)
        link.command(NAME, {}, LIMIT_S)
        assert not link.wait_for("CashManagement.ItemsTakenEvent", 0, lambda told: True)


def test_a_service_on_another_host_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Asked(Link):
        def __init__(self, address: str, *rest: Any) -> None:
            asked.append(address)
            super().__init__(address, *rest)

    monkeypatch.setattr(discovery, "Link", Asked)
    elsewhere = [
        f"{host}{ROOT}/CashDispenser" for host in ("ws://192.0.2.1:5846", "wss://127.0.0.1:1")
    ]
    listed = message("completion", "ServicePublisher.GetServices", services=[
        {"serviceURI": each} for each in elsewhere
    ])  # fmt: skip
    with saying(listed) as address, pytest.raises(LinkError, match="no note dispenser"):
        find_dispenser(address, None, LIMIT_S)
    assert asked == [address]


def test_no_redirect_is_followed(bank: Bank) -> None:
    with bank.simulator(bank.device()) as simulator:

        def elsewhere(connection: ServerConnection, request: Request) -> Response:
            response = connection.respond(HTTPStatus.PERMANENT_REDIRECT, "")
            response.headers["Location"] = simulator.address
            return response

        with saying(process_request=elsewhere) as address, pytest.raises(LinkError, match="308"):
            Link(address, None, LIMIT_S)
        assert simulator.messages == 0


def test_a_device_cannot_write_to_the_terminal_of_staff(bank: Bank) -> None:
    with bank.simulator(bank.device()) as simulator:
        dispenser = Xfs4iotDispenser(simulator.address, None, "EUR")
        dispenser._is_empty = lambda link: False  # type: ignore[method-assign]
        dispenser._places = lambda link: ("\x1b[2J" + 1000 * "x", "\n")  # type: ignore[method-assign]
        with pytest.raises(NotDispensed):
            dispenser.dispense("ABCDEFGH", 8000)
    assert dispenser.note.isprintable() and len(dispenser.note) == 300


def test_a_service_without_the_interfaces_is_no_dispenser(bank: Bank) -> None:
    with bank.simulator(bank.device()) as simulator:
        assert find_dispenser(simulator.address, None, LIMIT_S) == (
            f"{simulator.address}/CashDispenser"
        )
    asked = [name for kind, name in bank.messages.told if kind == "command"]
    assert asked == ["ServicePublisher.GetServices", *["Common.Capabilities"] * 2]


@pytest.fixture
def certified(bank: Bank, tmp_path: Path) -> Callable[[Authority], Simulator]:
    def made(authority: Authority) -> Simulator:
        pair = authority.issue("dispenser", server=True)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(pair.certificate, pair.key)
        return bank.simulator(bank.device(), tls=tls)

    return made


def test_the_device_must_have_a_certificate_of_the_authority(
    certified: Callable[[Authority], Simulator], tmp_path: Path
) -> None:
    right, wrong = Authority(tmp_path / "right"), Authority(tmp_path / "wrong")
    limits = Limits(LIMIT_S, LIMIT_S, LIMIT_S)
    with certified(right) as simulator:
        assert simulator.address.startswith("wss://")
        own = Xfs4iotDispenser(simulator.address, right.certificate, "EUR", limits)
        own.dispense("ABCDEFGH", 8000)
        for authority in (wrong.certificate, None, tmp_path / "missing"):
            other = Xfs4iotDispenser(simulator.address, authority, "EUR", limits)
            with pytest.raises(NotDispensed):
                other.dispense("BCDEFGHI", 8000)
        assert sum(simulator.device.taken.values()) == 3
