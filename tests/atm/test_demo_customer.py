"""The drawn customer of a demonstration: an ordinary enrolment, in demo folders only."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from atm import demo_customer
from atm.birth import bear
from atm.demo_customer import OPENING, PIN, USERNAME, enrol_demo_customer, state
from atm.enrolment.hash_and_capture import EnrolmentError
from atm.folder import FolderError, Kind
from atm.machine import Machine
from atm.opening import open_machine
from atm.people import Application
from atm.settings import Settings
from credentials.policy import check_pin, normalise_username
from face_auth.camera.drawn_camera import DrawnCamera

Opened = Callable[..., Machine]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    """Opens machines in a data folder that was empty."""
    made: list[Machine] = []

    def open_as(kind: Kind, camera: str) -> Machine:
        settings = Settings(
            data_dir=tmp_path / "data", key_dir=tmp_path / "keys", kind=kind, camera=camera
        )
        bear(settings)
        machine = open_machine(settings)
        made.append(machine)
        return machine

    yield open_as
    for machine in made:
        machine.close()


def test_a_demonstration_is_given_a_customer_by_a_real_enrolment(opened: Opened) -> None:
    machine = opened(Kind.DEMO, "demo")
    assert not machine.has_customers and state(machine) == ""
    enrol_demo_customer(machine)
    (record,) = machine.bank.stores.credentials.all()
    assert (record.username, state(machine)) == (USERNAME, "active") and machine.has_customers
    assert machine.bank.stores.ledger.balance(record.customer_id) == 100 * OPENING
    assert record.template_id is not None
    captures = machine.bank.stores.gallery.load_captures(record.template_id, record.customer_id)
    assert len(captures) == 5  # hers, taken now: no template comes with the program
    recogniser = machine.warm_up()
    template = machine.bank.stores.gallery.load(record.template_id, record.customer_id)
    seen = next(iter(DrawnCamera(demo_customer.CAMERA).frames(after=100.0, until=101.0)))
    other = next(iter(DrawnCamera(demo_customer.SOMEBODY_ELSE).frames(after=100.0, until=101.0)))
    own, foreign = (
        float(template.svm.score(recogniser.embed(f.image, recogniser.assess(f.image))[None])[0])
        for f in (seen, other)
    )
    assert own > recogniser.threshold.value > foreign
    assert [e["staff"] for e in machine.audit.entries() if e["kind"] == "enrolment"]
    enrol_demo_customer(machine)
    assert machine.bank.stores.credentials.all() == [record]  # once


@pytest.mark.parametrize(
    ("kind", "camera"),
    [(Kind.LIVE, "demo"), (Kind.LIVE, "0"), (Kind.TEST, "demo"), (Kind.DEMO, "0")],
)
def test_no_other_folder_is(opened: Opened, kind: Kind, camera: str) -> None:
    machine = opened(kind, camera)
    enrol_demo_customer(machine)
    assert machine.bank.stores.credentials.all() == [] and not machine.has_customers


def test_a_demonstration_with_customers_is_left_as_it_is(opened: Opened) -> None:
    machine = opened(Kind.DEMO, "demo")
    staff = machine.first_staff("ruiz", "482913")
    mine = Application("ada", "Ada", 0, "4071", datetime.now(UTC))
    machine.enrol(mine, staff=staff, camera=DrawnCamera("demo:3"))
    enrol_demo_customer(machine)
    assert [record.username for record in machine.bank.stores.credentials.all()] == ["ada"]
    assert state(machine) == ""


def test_it_can_be_broken_off(opened: Opened) -> None:
    machine = opened(Kind.DEMO, "demo")
    stop = threading.Event()
    stop.set()
    with pytest.raises(EnrolmentError, match="Nothing was saved"):
        enrol_demo_customer(machine, stop)
    assert (
        machine.bank.stores.credentials.all() == []
        and machine.bank.stores.ledger.customer_ids() == set()
    )


def test_a_live_folder_takes_no_drawn_camera_from_anybody(opened: Opened) -> None:
    machine = opened(Kind.LIVE, "0")
    staff = machine.first_staff("ruiz", "482913", confirmed=machine.terms)
    with pytest.raises(FolderError, match="only a webcam"):
        machine.enrol(
            Application("ada", "Ada", 0, "4071", datetime.now(UTC)),
            staff=staff, camera=DrawnCamera("demo"),
        )  # fmt: skip
    assert machine.bank.stores.credentials.all() == []


def test_what_stands_on_the_home_page_can_be_typed() -> None:
    check_pin(PIN)
    assert normalise_username(USERNAME) == USERNAME


def test_a_renamed_kind_is_no_way_around(opened: Opened, tmp_path: Path) -> None:
    machine = opened(Kind.TEST, "demo")
    machine.settings = replace(machine.settings, kind=Kind.DEMO)
    enrol_demo_customer(machine)
    assert machine.bank.stores.credentials.all() == []  # the folder's own kind counts
