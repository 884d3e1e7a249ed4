"""Attack test: connections that say nothing shut no registered kiosk out.

The service may open 1,024 files, as many systems let it, and no more.
"""

import contextlib
import resource
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from atm.fleet.kiosk.client import ServiceClient
from atm.fleet.service.reception import CONNECTIONS_OF_KIOSK
from atm.fleet.service.settings import ServiceSettings
from atm.fleet.service.store.schema import METADATA
from benchmarks.fleet.certificates import Pair
from benchmarks.fleet.postgres import OWNER, PostgresServer
from tests.fleet.service.cheap_service import OPEN_FILES
from tests.fleet.service.fleet import Fleet
from tests.patience import LIMIT_S

IDLE = 1_100
FEW = ServiceSettings("", Path()).handshakes


@pytest.fixture(scope="module")
def small(server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """A service that may open 1,024 files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 20_000), hard))
    with server.connect() as connection:
        connection.execute(f"TRUNCATE {', '.join(METADATA.tables)}")
    made = Fleet(tmp_path_factory.mktemp("small"), server.url(), server.url(OWNER))
    made.environment[OPEN_FILES] = "1024"
    made.set_up()
    made.start()
    yield made
    made.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture(scope="module")
def kiosks(small: Fleet) -> list[Pair]:
    """Two registered kiosks."""
    made = []
    for name in ("north", "south"):
        pair = small.authority.issue(name)
        small.register(name, pair)
        made.append(pair)
    return made


@pytest.fixture
def opened() -> Iterator[contextlib.ExitStack]:
    with contextlib.ExitStack() as stack:
        yield stack


def answers(small: Fleet, pair: Pair, name: str) -> bool:
    """Whether the service answers a new connection of the kiosk."""
    client: ServiceClient = small.files(pair).client()
    with contextlib.closing(client):
        return bool(client.call("health")["kiosk"] == name)


def connect(small: Fleet, stack: contextlib.ExitStack, source: str) -> socket.socket:
    """Open a connection from *source*, an address of the loopback, that says nothing."""
    made = socket.create_connection(("127.0.0.1", small.port), LIMIT_S, (source, 0))
    return stack.enter_context(made)


def ended(connection: socket.socket) -> bool:
    """Wait until the service has closed *connection*."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def is_open(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True
    except ConnectionResetError:
        return False


def lines(small: Fleet) -> int:
    return len(small._log(small.port).read_text().splitlines())


def test_idle_connections_of_one_address_leave_room_for_kiosks_of_the_same(
    small: Fleet, kiosks: list[Pair], opened: contextlib.ExitStack
) -> None:
    idle = [connect(small, opened, "127.0.0.1") for _ in range(IDLE)]
    for _ in range(3):
        assert answers(small, kiosks[0], "north") and answers(small, kiosks[1], "south")
    assert sum(is_open(each) for each in idle) <= FEW
    for each in idle[-FEW:]:
        each.settimeout(LIMIT_S)
        assert ended(each)  # its handshake took too long
    assert lines(small) < 100


def test_idle_connections_of_many_addresses_leave_room_too(
    small: Fleet, kiosks: list[Pair], opened: contextlib.ExitStack
) -> None:
    for host in range(40):
        for _ in range(50):
            connect(small, opened, f"127.0.1.{host + 1}")
    assert answers(small, kiosks[0], "north") and answers(small, kiosks[1], "south")
    assert lines(small) < 100


def test_idle_connections_with_one_certificate_are_few_and_hinder_no_other_kiosk(
    small: Fleet, kiosks: list[Pair], opened: contextlib.ExitStack
) -> None:
    files = small.files(kiosks[0])
    context = ssl.create_default_context(cafile=files.ca)
    context.load_cert_chain(files.certificate, files.key)
    idle = []
    for _ in range(IDLE):
        plain = connect(small, opened, "127.0.0.1")
        secured = context.wrap_socket(plain, server_hostname="127.0.0.1")
        idle.append(opened.enter_context(secured))
    assert answers(small, kiosks[1], "south") and answers(small, kiosks[0], "north")
    for each in idle[:-CONNECTIONS_OF_KIOSK]:
        each.settimeout(LIMIT_S)
        with contextlib.suppress(ssl.SSLError):
            assert ended(each)


def test_stranger_without_a_certificate_of_the_bank_gets_no_answer(
    small: Fleet, kiosks: list[Pair], opened: contextlib.ExitStack
) -> None:
    context = ssl.create_default_context(cafile=small.authority.certificate)
    plain = connect(small, opened, "127.0.0.1")
    with pytest.raises((ssl.SSLError, ConnectionError)):  # TLS 1.3: at the first read
        secured = opened.enter_context(context.wrap_socket(plain, server_hostname="127.0.0.1"))
        secured.sendall(b"POST /v1/health HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
        if not secured.recv(1):
            raise ConnectionError
    assert answers(small, kiosks[0], "north")
