"""Tests of faults between kiosk and database: refused with one sentence, then well again.

That nothing hangs is shown by order, not by the clock: the kiosk has its answer while the fault
still lasts.
"""

import contextlib
import signal
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from unittest import mock

import psycopg
import pytest

import atm.fleet.kiosk.bank
from atm.accounts.session import HeldError, Session
from atm.commands.customers import SENTENCES
from atm.errors import ServiceUnavailable
from atm.fleet.kiosk.bank import RemoteBank
from atm.fleet.kiosk.login import gather
from atm.fleet.service.store.migrate import ROLE
from atm.fleet.wire_errors import CALL_S
from atm.login.decision import Decision, Outcome
from atm.machine import Machine
from atm.opening import open_machine
from benchmarks.fleet.certificates import Pair
from benchmarks.fleet.postgres import PostgresServer
from tests.fleet.service.fleet import Fleet, enrol, sign_in
from tests.fleet.service.proxy import Proxy
from tests.patience import LIMIT_S, until

pytestmark = pytest.mark.faces

PIN = "4071"


@pytest.fixture(scope="module")
def kiosk(fleet: Fleet, people: list[tuple[Path, Path]]) -> Machine:
    """A kiosk with Ada, who is enrolled, before it."""
    machine = fleet.kiosk("sound", people[0][0])
    enrol(machine, "ada", PIN, balance_minor=10_000_000)
    machine.use_camera(str(people[0][1]))
    return machine


@pytest.fixture(autouse=True)
def well(fleet: Fleet, kiosk: Machine) -> Iterator[None]:
    """Check after each test that the service runs and the kiosk admits Ada, without a restart."""
    kiosk.office.unlock("ada", staff=sign_in(kiosk))
    yield
    until(lambda: unlocked(kiosk))
    assert kiosk.login("ada", PIN).outcome is Outcome.GRANTED


def unlocked(kiosk: Machine) -> bool:
    """Whether staff can unlock Ada now: attempts that came to no end count against her."""
    try:
        kiosk.office.unlock("ada", staff=sign_in(kiosk))
    except ServiceUnavailable:
        return False
    return True


def refused(decision: Decision) -> None:
    """Accept a login that nobody decided, with the sentence for it."""
    assert decision.outcome is Outcome.FAULT and decision.session is None
    assert SENTENCES[decision.outcome] == str(ServiceUnavailable())


def admitted(machine: Machine) -> Session:
    decision = machine.login("ada", PIN)
    assert decision.outcome is Outcome.GRANTED and decision.session is not None
    return decision.session


def test_every_call_is_given_up_within_five_seconds() -> None:
    assert CALL_S < 5


def test_a_stopped_service_admits_nobody(fleet: Fleet, kiosk: Machine) -> None:
    session = admitted(kiosk)
    fleet.stop()
    refused(kiosk.login("ada", PIN))
    for act in (session.balance, lambda: session.withdraw(1_000), lambda: sign_in(kiosk)):
        with pytest.raises(ServiceUnavailable, match=r"^Service not available\. Ask staff\.$"):
            act()
    assert "The bank's service does not answer." in kiosk.health().notes
    fleet.start()
    until(lambda: unlocked(kiosk))
    assert session.balance() > 0  # the session outlived the service: nothing of it was there


def test_a_killed_service_admits_nobody(fleet: Fleet, kiosk: Machine) -> None:
    fleet.stop(signal.SIGKILL)
    refused(kiosk.login("ada", PIN))
    fleet.start()


def test_a_service_that_stands_still_is_not_waited_for(fleet: Fleet, kiosk: Machine) -> None:
    session = admitted(kiosk)
    with fleet.frozen():
        refused(kiosk.login("ada", PIN))  # it returns while the service still stands still
        with pytest.raises(ServiceUnavailable):
            session.withdraw(1_000)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["stopped", "killed"])
def test_a_database_that_is_gone_admits_nobody(
    server: PostgresServer, kiosk: Machine, how: signal.Signals
) -> None:
    session = admitted(kiosk)
    server.stop(how)
    try:
        refused(kiosk.login("ada", PIN))
        with pytest.raises(ServiceUnavailable):
            session.withdraw(1_000)
    finally:
        server.start()


def test_a_database_that_stands_still_is_not_waited_for(
    server: PostgresServer, kiosk: Machine
) -> None:
    session = admitted(kiosk)
    with server.frozen():
        refused(kiosk.login("ada", PIN))  # it returns while the database still stands still
        with pytest.raises(ServiceUnavailable):
            session.withdraw(1_000)


def test_a_database_without_a_free_connection_admits_nobody(
    server: PostgresServer, kiosk: Machine
) -> None:
    with contextlib.ExitStack() as taken:
        cut_off = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s"
        owner = taken.enter_context(server.connect())
        with contextlib.suppress(psycopg.OperationalError):
            while True:
                taken.enter_context(server.connect(ROLE))
                owner.execute(f"{cut_off} AND application_name = 'two-factor-atm'", [ROLE])
        refused(kiosk.login("ada", PIN))


def test_a_service_that_dies_between_pin_and_face_admits_nobody(
    fleet: Fleet, kiosk: Machine
) -> None:
    assert isinstance(kiosk.bank, RemoteBank)
    begun = threading.Event()

    def then_kill(frames, begun_login):
        found = gather(frames, begun_login)
        fleet.stop(signal.SIGKILL)
        begun.set()
        return found

    try:
        with mock.patch.object(atm.fleet.kiosk.bank, "gather", then_kill):
            refused(kiosk.login("ada", PIN))
    finally:
        fleet.start()
    assert begun.is_set()


def test_a_kiosk_may_be_opened_before_the_service(
    fleet: Fleet, kiosk: Machine, people: list[tuple[Path, Path]]
) -> None:
    machine = fleet.kiosk("early", people[0][1])
    settings = machine.settings
    machine.close()
    fleet.stop()
    with closing(open_machine(settings)) as again:
        again.warm_up()
        refused(again.login("ada", PIN))
        fleet.start()
        until(lambda: unlocked(kiosk))
        admitted(again).close()


def test_a_revoked_kiosk_gets_nothing_from_the_next_call_on(
    fleet: Fleet, kiosk: Machine, people: list[tuple[Path, Path]]
) -> None:
    machine = fleet.kiosk("lost", people[0][1])
    session = admitted(machine)
    fleet.command("kiosk", "revoke", "lost")
    refused(machine.login("ada", PIN))
    for act in (session.balance, lambda: session.withdraw(1_000), lambda: sign_in(machine)):
        with pytest.raises(ServiceUnavailable):
            act()


@pytest.mark.parametrize(
    ("begins", "ends"),
    [(-timedelta(days=2), -timedelta(minutes=1)), (timedelta(days=1), timedelta(days=2))],
    ids=["expired", "not-yet-valid"],
)
def test_a_certificate_out_of_its_time_admits_nobody(
    fleet: Fleet, kiosk: Machine, begins: timedelta, ends: timedelta
) -> None:
    pair = fleet.authority.issue(f"old{begins.days}", begins=begins, ends=ends)
    fleet.register(f"old{begins.days}", pair)
    refused_with(fleet, kiosk, pair)


def test_a_certificate_of_another_authority_admits_nobody(
    fleet: Fleet, kiosk: Machine, tmp_path: Path
) -> None:
    from benchmarks.fleet.certificates import Authority

    pair = Authority(tmp_path / "other").issue("stranger")
    fleet.register("stranger", pair)
    refused_with(fleet, kiosk, pair)


def test_an_unregistered_certificate_admits_nobody(fleet: Fleet, kiosk: Machine) -> None:
    refused_with(fleet, kiosk, fleet.authority.issue("unregistered"))


def refused_with(fleet: Fleet, kiosk: Machine, pair: Pair, **others: object) -> None:
    """Open the sound kiosk's twin with another certificate, and see it refused."""
    assert isinstance(kiosk.bank, RemoteBank)
    from atm.fleet.kiosk.client import ServiceClient

    client = ServiceClient(
        kiosk.settings.store, ca=fleet.authority.certificate, certificate=pair.certificate,
        key=pair.key,
    )  # fmt: skip
    sound, kiosk.bank.logins._client = kiosk.bank.logins._client, client
    try:
        refused(kiosk.login("ada", PIN))
    finally:
        kiosk.bank.logins._client = sound
        client.close()


def test_a_service_whose_certificate_is_not_valid_by_the_kiosk_s_clock_is_not_spoken_to(
    fleet: Fleet, kiosk: Machine
) -> None:
    """A kiosk whose clock is a day slow sees what is shown here: a certificate of tomorrow."""
    tomorrow = fleet.authority.issue("tomorrow", server=True, begins=timedelta(days=1))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tomorrow.certificate, tomorrow.key)
    heard = []

    def listen(listener: socket.socket) -> None:
        try:
            connection, _ = listener.accept()
            with context.wrap_socket(connection, server_side=True) as encrypted:
                heard.append(encrypted.recv(1000))
        except OSError:
            heard.append(b"")

    from atm.fleet.kiosk.client import ServiceClient

    assert isinstance(kiosk.bank, RemoteBank)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=listen, args=(listener,), daemon=True)
        thread.start()
        settings = kiosk.settings
        client = ServiceClient(
            f"https://127.0.0.1:{listener.getsockname()[1]}", ca=fleet.authority.certificate,
            certificate=settings.store_cert, key=settings.store_key,
        )  # fmt: skip
        sound, kiosk.bank.logins._client = kiosk.bank.logins._client, client
        try:
            refused(kiosk.login("ada", PIN))
        finally:
            kiosk.bank.logins._client = sound
            client.close()
        thread.join(LIMIT_S)
    assert heard == [b""]  # no PIN was sent


def test_a_kiosk_s_own_time_decides_nothing(
    kiosk: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + 10 * 365 * 86_400)
    session = admitted(kiosk)
    before = session.balance()
    session.withdraw(1_000)
    assert session.balance() == before - 1_000


@pytest.fixture
def line(fleet: Fleet, kiosk: Machine, people: list[tuple[Path, Path]]) -> Iterator[Proxy]:
    """A line to the service that can be cut; the kiosk "wired" is at its end."""
    proxy = Proxy(fleet.port)
    yield proxy
    proxy.close()


@pytest.fixture
def wired(
    fleet: Fleet, line: Proxy, people: list[tuple[Path, Path]], request: pytest.FixtureRequest
) -> Machine:
    name = request.node.name.removeprefix("test_")[:40]
    return fleet.kiosk(name, people[0][1], port=line.port)


def test_money_whose_hold_was_never_heard_of_comes_back(
    kiosk: Machine, wired: Machine, line: Proxy
) -> None:
    session, other = admitted(wired), admitted(kiosk)
    before = other.balance()
    line.cut_answers()
    with pytest.raises(ServiceUnavailable):
        session.withdraw(5_000)  # the service holds it, and the kiosk does not know
    line.mend()
    until(lambda: other.balance() == before)
    assert other.transactions(1)[0].amount_minor != -5_000


def test_money_that_was_paid_while_the_line_was_cut_is_booked_once(
    kiosk: Machine, wired: Machine, line: Proxy
) -> None:
    session, other = admitted(wired), admitted(kiosk)
    before, paid = other.balance(), []

    class Cutting:
        name = "cutting"

        def dispense(self, reference: str, amount_minor: int) -> None:
            paid.append((reference, amount_minor))
            line.cut_answers()

    session._dispenser = Cutting()
    with pytest.raises(HeldError):
        session.withdraw(6_000)
    line.mend()
    until(lambda: other.transactions(1)[0].reference == paid[0][0])
    time.sleep(2)  # whoever would book it twice has had the time
    assert other.balance() == before - 6_000
    assert [each.amount_minor for each in other.transactions(2)].count(-6_000) == 1


def test_a_line_that_breaks_while_it_is_idle_costs_no_login(wired: Machine, line: Proxy) -> None:
    admitted(wired).close()
    line.cut()
    admitted(wired).close()


def test_an_enrolment_whose_answer_is_lost_is_whole(
    kiosk: Machine, wired: Machine, line: Proxy, people: list[tuple[Path, Path]]
) -> None:
    wired.use_camera(str(people[1][0]))
    call = wired.bank.enrolment._client.call

    def cut_at_the_end(path: str, **body: object) -> object:
        if path == "enrolments":
            line.cut_answers()
        return call(path, **body)

    vars(wired.bank.enrolment)["_client"] = type(
        "Cut", (), {"call": staticmethod(cut_at_the_end)}
    )()
    with pytest.raises(ServiceUnavailable):
        enrol(wired, "eve", PIN)
    line.mend()
    until(lambda: unlocked(kiosk))
    found = dict(kiosk_states(kiosk))
    assert found["eve"] == "active"
    kiosk.use_camera(str(people[1][1]))
    assert kiosk.login("eve", PIN).outcome is Outcome.GRANTED
    kiosk.use_camera(str(people[0][1]))


def kiosk_states(kiosk: Machine) -> list[tuple[str, str]]:
    found = kiosk.office.customers(staff=sign_in(kiosk))
    return [(customer.username, state) for customer, state in found]
