"""Tests of the answer to name and PIN: the same form whatever name and PIN were typed."""

import base64
import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from atm.accounts.accounts import DayLimitError, InsufficientFundsError, NotAMultipleError
from atm.errors import ServiceUnavailable
from atm.fleet.kiosk.client import ServiceClient
from atm.fleet.sealed_box import Recipient
from atm.fleet.service.bank_service import ticket_owner
from atm.fleet.service.store.stores import ServiceStores
from atm.fleet.service.store.tickets import account_owner
from atm.fleet.service.tokens import Tokens
from atm.fleet.wire_errors import (
    FRESH_S,
    LARGEST_BYTES,
    SESSION_S,
    STAFF_S,
    SessionEndedError,
    SignedOutError,
)
from atm.fleet.wire_faces import ClaimedTemplate, unpack_claimed
from atm.machine import Machine
from atm.people import Signatures
from benchmarks.fleet.postgres import PostgresServer
from credentials.attempt_rules import Place
from face_auth.models import ModelCard, load_card
from tests.fleet.service.fleet import REPORT, Fleet, enrol, sign_in

pytestmark = pytest.mark.faces

PIN, WRONG = "4071", "4072"
OWN_FACE = {"accepted": True, "score": 1.0, "threshold": 0.5, "frames": 3, "liveness": None}
NETWORK = load_card("bundled").sha256


def load_network() -> ModelCard:
    return load_card("bundled")


@pytest.fixture(scope="module")
def kiosk(fleet: Fleet, people: list[tuple[Path, Path]]) -> Machine:
    """A kiosk where Ada was enrolled, and Bob."""
    machine = fleet.kiosk("sound", people[0][0])
    enrol(machine, "ada", PIN)
    machine.use_camera(str(people[1][0]))
    enrol(machine, "bob", PIN)
    return machine


@pytest.fixture(scope="module")
def client(fleet: Fleet, kiosk: Machine) -> Iterator[ServiceClient]:
    """A client with the certificate of that kiosk, which can send anything."""
    settings = kiosk.settings
    made = ServiceClient(
        settings.store, ca=settings.store_ca, certificate=settings.store_cert,
        key=settings.store_key,
    )  # fmt: skip
    yield made
    made.close()


@pytest.fixture(autouse=True)
def unlocked(kiosk: Machine) -> None:
    for name in ("ada", "bob"):
        kiosk.office.unlock(name, staff=sign_in(kiosk))


def begin(client: ServiceClient, username: str, pin: str) -> tuple[str, str, ClaimedTemplate]:
    """Begin a login; returns the token, the sealed template as sent, and what it holds."""
    reader = Recipient()
    found = client.call(
        "logins", report=REPORT, username=username, pin=pin, network_sha256=NETWORK,
        public_key=base64.b64encode(reader.public).decode(),
    )  # fmt: skip
    assert set(found) == {"attempt", "sealed"}
    attempt, sealed = found["attempt"], found["sealed"]
    plain = reader.open(base64.b64decode(sealed), attempt.encode())
    return attempt, sealed, unpack_claimed(plain)


def finish(client: ServiceClient, attempt: str, **face: Any) -> dict[str, Any]:
    return client.call("logins/finish", attempt=attempt, face=OWN_FACE | face)


def same(one: ClaimedTemplate, other: ClaimedTemplate) -> bool:
    return bool(np.array_equal(one.svm.weights, other.svm.weights)) and one.svm.bias == (
        other.svm.bias
    )


def test_the_template_is_the_same_whatever_the_pin(client: ServiceClient) -> None:
    right, wrong = begin(client, "ada", PIN), begin(client, " ADA ", WRONG)
    assert same(right[2], wrong[2])
    assert (len(right[0]), len(right[1])) == (len(wrong[0]), len(wrong[1]))


def test_a_name_that_nobody_has_gets_as_much_and_always_the_same(client: ServiceClient) -> None:
    somebody, nobody = begin(client, "ada", PIN), begin(client, "nobody", PIN)
    assert [len(part) for part in somebody[:2]] == [len(part) for part in nobody[:2]]
    assert same(nobody[2], begin(client, "NoBody", WRONG)[2])
    assert not same(nobody[2], begin(client, "somebody", PIN)[2])


@pytest.mark.parametrize("name", ["", " ", "x" * 900, "\u202e", "a\0b", "𐍈" * 64])
def test_what_never_was_a_name_is_answered_like_one(client: ServiceClient, name: str) -> None:
    attempt, sealed, claimed = begin(client, name, PIN)
    assert len(sealed) == len(begin(client, "ada", PIN)[1])
    assert np.isfinite(claimed.svm.weights).all()
    assert finish(client, attempt) == {"granted": False}


def test_a_name_that_is_locked_keeps_its_template_as_an_unknown_name_does(
    client: ServiceClient,
) -> None:
    """Another template after three tries would tell that the name exists."""
    own = begin(client, "ada", WRONG)
    finish(client, own[0])
    for _ in range(2):
        finish(client, begin(client, "ada", WRONG)[0])
    locked, again = begin(client, "ada", PIN), begin(client, "ada", PIN)
    assert same(own[2], locked[2]) and same(locked[2], again[2])
    unknown = [begin(client, "nobody at all", PIN)[2] for _ in range(5)]
    assert all(same(unknown[0], each) for each in unknown)
    assert finish(client, locked[0]) == {"granted": False}


def test_an_attempt_that_is_never_finished_is_counted_all_the_same(client: ServiceClient) -> None:
    for _ in range(3):
        begin(client, "ada", WRONG)
    assert finish(client, begin(client, "ada", PIN)[0]) == {"granted": False}


def test_an_attempt_is_finished_once(client: ServiceClient) -> None:
    attempt = begin(client, "ada", PIN)[0]
    assert finish(client, attempt)["granted"] is True
    with pytest.raises(SessionEndedError):
        finish(client, attempt)


@contextlib.contextmanager
def altered_template(server: PostgresServer, customer_id: str, alter: Callable[[bytes], bytes]):
    """Replace the template of one customer in the database, inside the context."""
    where = "WHERE customer_id = %s AND template IS NOT NULL"
    with server.connect() as connection:
        select = f"SELECT template FROM faces {where}"
        (kept,) = connection.execute(select, (customer_id,)).fetchone()
        update = f"UPDATE faces SET template = %s {where}"
        connection.execute(update, (alter(kept), customer_id))
        try:
            yield
        finally:
            connection.execute(update, (kept, customer_id))


def test_a_right_pin_with_a_template_that_cannot_be_read_is_refused_whatever_the_kiosk_saw(
    client: ServiceClient, server: PostgresServer
) -> None:
    attempt, _, own = begin(client, "ada", PIN)
    customer_id = finish(client, attempt)["customer"]["customer_id"]
    with altered_template(server, customer_id, lambda sealed: sealed[:-1] + b"\0"):
        attempt, sealed, claimed = begin(client, "ada", PIN)
        assert not same(claimed, own)
        assert len(sealed) == len(begin(client, "nobody", PIN)[1])
        assert finish(client, attempt, accepted=True) == {"granted": False}
    assert finish(client, begin(client, "ada", PIN)[0])["granted"] is True


def test_a_face_that_did_not_pass_is_refused_whatever_else_it_says(client: ServiceClient) -> None:
    refused = {"passed": False, "score": 9.0, "reasons": ["moire"]}
    attempt = begin(client, "ada", PIN)[0]
    assert finish(client, attempt, liveness=refused) == {"granted": False}


def test_an_attempt_of_one_kiosk_is_finished_by_no_other(
    fleet: Fleet, client: ServiceClient, people: list[tuple[Path, Path]]
) -> None:
    settings = fleet.kiosk("other", people[0][0]).settings
    other = ServiceClient(
        settings.store, ca=settings.store_ca, certificate=settings.store_cert,
        key=settings.store_key,
    )  # fmt: skip
    with pytest.raises(SessionEndedError):
        finish(other, begin(client, "ada", PIN)[0])
    other.close()


def test_an_attempt_cannot_be_brought_as_a_session_nor_a_session_as_staff(
    client: ServiceClient,
) -> None:
    attempt = begin(client, "ada", PIN)[0]
    with pytest.raises(SessionEndedError):
        client.call("sessions/available", session=attempt)
    session = finish(client, attempt)["session"]
    assert client.call("sessions/available", session=session)["available_minor"] == 50_000
    with pytest.raises(Exception, match="signed out"):
        client.call("office/customers", staff=[session])


@pytest.fixture
def made_ago(fleet: Fleet) -> Callable[..., str]:
    """Make a token as the service would have made it so many seconds ago."""
    stores = ServiceStores.open(fleet.environment["ATM_SERVICE_DATABASE"], fleet.keys, load_network)
    (kiosk_id,) = (each.kiosk_id for each in stores.kiosks.all() if each.name == "sound")

    def make(seconds: float, purpose: str, lasts_s: float, **says: object) -> str:
        if purpose == "staff":
            name = str(says["name"])
            badge = stores.staff(kiosk_id).badge(name, Place.SCREEN)
            ticket = stores.tickets.open(ticket_owner(name), kiosk_id)
            says = {"badge": badge, "place": Place.SCREEN.value, "ticket": ticket} | says
        if purpose == "session":
            ticket = stores.tickets.open(account_owner(str(says["customer"])), kiosk_id)
            says = {"ticket": ticket} | says
        tokens = Tokens(lambda: stores.token_keys, lambda: time.time() - seconds)
        return tokens.make(purpose, kiosk_id, lasts_s, says)

    return make


def test_an_admission_changes_the_pin_for_a_minute_only(
    client: ServiceClient, made_ago: Callable[..., str]
) -> None:
    customer = finish(client, begin(client, "ada", PIN)[0])["customer"]["customer_id"]
    old = made_ago(FRESH_S + 1, "session", SESSION_S, customer=customer)
    assert client.call("sessions/available", session=old)["available_minor"] == 50_000
    with pytest.raises(SessionEndedError):
        client.call("sessions/pin", session=old, pin="5286")
    fresh = made_ago(FRESH_S - 30, "session", SESSION_S, customer=customer)
    client.call("sessions/pin", session=fresh, pin=PIN)


def test_an_open_account_ends_with_a_new_pin_by_staff_and_not_with_the_customer_s_own(
    client: ServiceClient, kiosk: Machine
) -> None:
    session = finish(client, begin(client, "ada", PIN)[0])["session"]
    second = finish(client, begin(client, "ada", PIN)[0])["session"]
    client.call("sessions/pin", session=second, pin=PIN)
    assert client.call("sessions/available", session=session)["available_minor"] == 50_000
    bobs = finish(client, begin(client, "bob", PIN)[0])["session"]
    both = Signatures(sign_in(kiosk), sign_in(kiosk, "okafor"))
    kiosk.office.new_pin("ada", PIN, signed=both)
    for ended in (session, second):
        with pytest.raises(SessionEndedError):
            client.call("sessions/available", session=ended)
    assert client.call("sessions/available", session=bobs)["available_minor"] >= 0
    again = finish(client, begin(client, "ada", PIN)[0])["session"]
    assert client.call("sessions/available", session=again)["available_minor"] == 50_000


def test_accounts_and_sign_ins_do_not_stay_open(
    client: ServiceClient, made_ago: Callable[..., str]
) -> None:
    customer = finish(client, begin(client, "ada", PIN)[0])["customer"]["customer_id"]
    with pytest.raises(SessionEndedError):
        over = made_ago(SESSION_S + 1, "session", SESSION_S, customer=customer)
        client.call("sessions/available", session=over)
    client.call("office/customers", staff=[made_ago(0, "staff", STAFF_S, name="ruiz")])
    with pytest.raises(SignedOutError):
        over = made_ago(STAFF_S + 1, "staff", STAFF_S, name="ruiz")
        client.call("office/customers", staff=[over])
    for says in ({"badge": "0" * 32}, {"badge": None}):  # of another PIN; of a former version
        with pytest.raises(SignedOutError):
            token = made_ago(0, "staff", STAFF_S, name="ruiz", **says)
            client.call("office/customers", staff=[token])


def test_a_session_reaches_its_own_customer_s_money_only(client: ServiceClient) -> None:
    ada = finish(client, begin(client, "ada", PIN)[0])["session"]
    bob = finish(client, begin(client, "bob", PIN)[0])["session"]
    hold = client.call(
        "sessions/hold", session=bob, reference="ABCDEFGH", amount_minor=2_000, currency="EUR",
        smallest_note_minor=1_000, day_limit_minor=100_000,
    )  # fmt: skip
    with pytest.raises(Exception, match="no such withdrawal"):
        client.call("sessions/release", session=ada, hold=hold)
    client.call("sessions/release", session=bob, hold=hold)


def test_an_amount_is_checked_within_the_bank_s_own_limit(client: ServiceClient) -> None:
    session = finish(client, begin(client, "bob", PIN)[0])["session"]
    terms = {
        "session": session, "currency": "EUR", "smallest_note_minor": 1_000,
        "day_limit_minor": 2**53,
    }  # fmt: skip
    available = client.call("sessions/available", session=session)["available_minor"]
    assert client.call("sessions/check", amount_minor=available, **terms) == {}
    with pytest.raises(NotAMultipleError):
        client.call("sessions/check", amount_minor=1_500, **terms)
    with pytest.raises(InsufficientFundsError) as caught:
        client.call("sessions/check", amount_minor=available + 1_000, **terms)
    assert caught.value.available_minor == available
    with pytest.raises(DayLimitError):
        client.call("sessions/check", amount_minor=2_000, **terms | {"day_limit_minor": 1_000})
    assert client.call("sessions/available", session=session)["available_minor"] == available


def test_a_hold_that_is_asked_for_twice_is_one_hold_and_booked_once(client: ServiceClient) -> None:
    session = finish(client, begin(client, "bob", PIN)[0])["session"]
    body = {
        "session": session, "reference": "BCDEFGHI", "amount_minor": 3_000,
        "smallest_note_minor": 1_000, "day_limit_minor": 100_000, "currency": "EUR",
    }  # fmt: skip
    before = client.call("sessions/available", session=session)["available_minor"]
    hold = client.call("sessions/hold", **body)
    assert client.call("sessions/hold", **body) == hold
    after = client.call("sessions/available", session=session)["available_minor"]
    assert after == before - 3_000
    booked = client.call("sessions/book", session=session, hold=hold)
    assert client.call("sessions/book", session=session, hold=hold) == booked
    with pytest.raises(Exception, match="settled"):
        client.call("sessions/release", session=session, hold=hold)
    assert client.call("sessions/available", session=session)["available_minor"] == after


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("logins", {}),
        (
            "logins",
            {
                "report": REPORT,
                "username": "ada",
                "pin": 4071,
                "public_key": "",
                "network_sha256": NETWORK,
            },
        ),
        ("logins/finish", {"attempt": "x", "face": OWN_FACE | {"accepted": "true"}}),
        ("logins/finish", {"attempt": "x", "face": OWN_FACE | {"score": 1e400}}),
        ("sessions/available", {"session": "x", "customer": "y"}),
        ("office/customers", {"staff": []}),
        ("audit", {"entries": [{"kind": "x", "anchor": False, "fields": {"pin": "4071"}}]}),
        ("no/such/path", {}),
        ("sessions/available", {"session": "x" * (LARGEST_BYTES + 1)}),
    ],
)
def test_what_no_kiosk_sends_is_refused_without_an_echo(
    client: ServiceClient, path: str, body: dict[str, Any]
) -> None:
    import json

    answer = client._http.post("/" + path, content=json.dumps(body))
    assert 400 <= answer.status_code < 600
    assert "4071" not in answer.text and "traceback" not in answer.text.lower()
    with pytest.raises(ServiceUnavailable):
        client._read(path, answer)


def test_a_kiosk_with_another_network_gets_nothing(client: ServiceClient) -> None:
    with pytest.raises(ServiceUnavailable):
        client.call(
            "logins", report=REPORT, username="ada", pin=PIN, network_sha256="0" * 64,
            public_key=base64.b64encode(Recipient().public).decode(),
        )  # fmt: skip


def test_keys_are_rotated_while_a_customer_stays_logged_in(
    fleet: Fleet, client: ServiceClient
) -> None:
    session = finish(client, begin(client, "ada", PIN)[0])["session"]
    fleet.command("keys", "rotate")
    assert client.call("sessions/available", session=session)["available_minor"] == 50_000
    assert finish(client, begin(client, "ada", PIN)[0])["granted"] is True
