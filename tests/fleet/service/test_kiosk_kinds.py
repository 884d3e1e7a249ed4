"""Tests of what a kiosk is: registered by the bank's staff, reported at each login, logged."""

import base64
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from atm.errors import AtmError
from atm.fleet.kiosk.client import ServiceClient
from atm.fleet.kiosk_kind import KINDS, LIVENESS, USUAL, KioskKind, KioskKindError, KioskReport
from atm.fleet.sealed_box import Recipient
from atm.fleet.service.store.schema import METADATA
from atm.fleet.service.store.stores import ServiceStores
from benchmarks.fleet.certificates import Pair
from benchmarks.fleet.postgres import OWNER, PostgresServer
from benchmarks.fleet.service import STAFF
from credentials.credential_record import CredentialRecord
from face_auth.models import load_card
from tests.fleet.contract.banks import face
from tests.fleet.service.cheap_service import CHEAP
from tests.fleet.service.fleet import Fleet

CARD = load_card("bundled")
PIN = "4071"
CAMERA = "0000:00:14.0/1.2 HD Webcam (046d:082d)"
LIVE = {"kind": "live", "liveness": "challenge", "camera": CAMERA}
FACE: dict[str, Any] = {"accepted": True, "score": 1.0, "threshold": 0.5, "frames": 3}
PASSED = {"passed": True, "score": 3.0, "reasons": []}


@pytest.fixture(scope="module")
def bank(server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """The service, running, with Ada enrolled."""
    with server.connect() as connection:
        connection.execute(f"TRUNCATE {', '.join(METADATA.tables)}")
    made = Fleet(tmp_path_factory.mktemp("kinds"), server.url(), server.url(OWNER))
    made.set_up()
    with closing(stores_of(made)) as stores:
        ada, now = stores.new_id("ada"), "2026-11-29T00:00:00+00:00"
        template, captures = face("ada", ada)
        stores.gallery.save("t" * 8, _of_card(template), captures)
        pin_hash = stores.hasher.hash(ada, PIN)
        stores.credentials.add(CredentialRecord(ada, "ada", "Ada", pin_hash, "t" * 8, now, now))
    made.start()
    yield made
    made.close()


def _of_card(template: Any) -> Any:
    from dataclasses import replace

    return replace(template, network=CARD.name, network_sha256=CARD.sha256)


def stores_of(bank: Fleet) -> ServiceStores:
    url = bank.environment["ATM_SERVICE_DATABASE"]
    return ServiceStores.open(url, bank.keys, lambda: CARD, costs=CHEAP)


def registered(bank: Fleet, name: str, *options: str, by: tuple[str, ...] = ()) -> Pair:
    """Register a kiosk with these options, signed by these members of staff."""
    pair = bank.authority.issue(name)
    typed = "".join(f"{member}\n{STAFF[member]}\n" for member in by)
    bank.command(
        "kiosk", "add", name, "--certificate", str(pair.certificate), *options, typed=typed
    )
    return pair


def login(client: ServiceClient, report: dict[str, str], **seen: Any) -> bool:
    """Log Ada in with her PIN and face at a kiosk that reports *report*."""
    with closing(client):
        begun = client.call(
            "logins", username="ada", pin=PIN, network_sha256=CARD.sha256, report=report,
            public_key=base64.b64encode(Recipient().public).decode(),
        )  # fmt: skip
        face = FACE | {"liveness": PASSED} | seen
        return bool(client.call("logins/finish", attempt=begun["attempt"], face=face)["granted"])


@pytest.mark.parametrize(
    "report",
    [
        LIVE | {"kind": "test"}, LIVE | {"kind": "demo"}, LIVE | {"liveness": "passive"},
        LIVE | {"liveness": "off"}, LIVE | {"camera": ""},
    ],
)  # fmt: skip
def test_kiosk_that_one_registered_admits_nobody_unless_it_is_live_with_a_challenge(
    bank: Fleet, report: dict[str, str]
) -> None:
    pair = registered(bank, f"usual-{report['kind']}-{report['liveness']}-{len(report['camera'])}")
    assert login(bank.files(pair).client(), LIVE)
    with pytest.raises(KioskKindError):
        login(bank.files(pair).client(), report)


def test_two_members_of_staff_register_another_kiosk_and_one_does_not(bank: Fleet) -> None:
    weaker = ("--kind", "test", "--liveness", "passive")
    for by in ((), ("ruiz",), ("ruiz", "ruiz")):
        with pytest.raises(AtmError):
            registered(bank, "hall", *weaker, by=by)
    pair = registered(bank, "hall", *weaker, by=("ruiz", "okafor"))
    passive = {"kind": "test", "liveness": "passive", "camera": "folder"}
    assert login(bank.files(pair).client(), passive)
    with pytest.raises(KioskKindError):
        login(bank.files(pair).client(), passive | {"liveness": "off"})


def test_face_without_the_liveness_check_that_the_kiosk_reports_admits_nobody(bank: Fleet) -> None:
    pair = registered(bank, "forgetful")
    assert not login(bank.files(pair).client(), LIVE, liveness=None)
    assert not login(bank.files(pair).client(), LIVE, liveness=PASSED | {"passed": False})
    with closing(stores_of(bank)) as stores:
        stores.attempts.clear(stores.new_id("ada"))
    assert login(bank.files(pair).client(), LIVE)


def test_report_stands_in_the_log_of_each_login(bank: Fleet) -> None:
    pair = registered(bank, "logged")
    assert login(bank.files(pair).client(), LIVE)
    with closing(stores_of(bank)) as stores:
        (kiosk,) = (each for each in stores.kiosks.all() if each.name == "logged")
        entries = list(stores.log(kiosk.kiosk_id).entries())
    assert [entry["kiosk"] for entry in entries if entry["kind"] == "decision"] == [
        list(LIVE.values())
    ]


def test_allowance_in_the_database_is_sealed(bank: Fleet, server: PostgresServer) -> None:
    pair = registered(bank, "sealed")
    with server.connect() as connection:
        connection.execute("UPDATE kiosks SET allows = 'test off' WHERE name = 'sealed'")
        with pytest.raises(AtmError):
            login(bank.files(pair).client(), LIVE | {"kind": "test", "liveness": "off"})
        connection.execute("UPDATE kiosks SET allows = NULL WHERE name = 'sealed'")
    assert login(bank.files(pair).client(), LIVE)


def test_kinds_are_ordered_from_the_strictest_on() -> None:
    for kind in KINDS:
        for number, liveness in enumerate(LIVENESS):
            allowed = KioskKind(kind, liveness)
            assert allowed.covers(USUAL) and allowed.covers(allowed)
            for weaker in LIVENESS[number + 1 :]:
                assert not allowed.covers(KioskKind(kind, weaker))
    assert not KioskKind("test", "off").covers(KioskKind("demo", "challenge"))
    with pytest.raises(KioskKindError, match="no registered camera"):
        KioskReport("live", "challenge", "").check(USUAL)
    KioskReport("live", "challenge", "").check(USUAL, admits=False)
