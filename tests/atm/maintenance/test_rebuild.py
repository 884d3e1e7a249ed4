"""A change of the network makes every template again, all or none, and locks nobody out."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from atm.errors import AtmError, NotApprovedError
from atm.folder import Kind, open_folder
from atm.keys.keys import Keys
from atm.maintenance.rebuild import Rebuild, check_enrolled_with, finish_rebuild, rebuild
from atm.people import Signatures, StaffMember
from atm.settings import Settings
from atm.stores import Stores
from credentials.credential_record import CredentialRecord
from face_auth import enrolment
from face_auth.errors import NotOnePersonError
from face_auth.gallery import Capture, Template
from face_auth.model_making.card_writing import digest
from face_auth.models import ModelFiles
from face_auth.recogniser import Recogniser
from face_auth.recognition.classifier import CustomerSvm
from tests.atm.test_approval import models as two_networks
from tests.atm.test_approval import publish

SIGNED = Signatures(StaffMember("ruiz"), StaffMember("okafor"))
BUNDLED, PUBLISHED = digest(b"a network"), digest(b"a better network")
NAMES = ("ada", "bob", "cleo")


def template(owner: str, network: str) -> Template:
    rows = np.ones((5, 512), np.float32)
    sha256 = {"bundled": BUNDLED, "vggface2": PUBLISHED}[network]
    return Template(owner, network, sha256, rows, CustomerSvm(rows[0], 0.0))


models = two_networks


@pytest.fixture
def refused(models: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Two networks that are never run; the ids of customers whose pictures serve neither."""
    publish(models)
    others: set[str] = set()

    def load(network: str, security: str, models: ModelFiles) -> Any:
        return SimpleNamespace(network=SimpleNamespace(name=network, sha256=sha256_of(network)))

    def rebuilt(recogniser: Any, captures: list[Capture], owner: str) -> Template:
        if owner in others:
            raise NotOnePersonError("not one person")
        return template(owner, recogniser.network.name)

    monkeypatch.setattr("face_auth.models.MODELS", models)
    monkeypatch.setattr(Recogniser, "load", load)
    monkeypatch.setattr(enrolment, "rebuild_template", rebuilt)
    monkeypatch.setattr(
        "atm.maintenance.rebuild.load_card", lambda name: SimpleNamespace(sha256=sha256_of(name))
    )
    return others


def sha256_of(network: str) -> str:
    return template("", network).network_sha256


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", key_dir=tmp_path / "keys", kind=Kind.LIVE)


@pytest.fixture
def open_stores(settings: Settings, refused: set[str], no_sync: None) -> Callable[[], Stores]:
    """Opens the stores of a live folder on the bundled network with three customers."""

    def opened() -> Stores:
        folder = open_folder(settings.data_dir, settings.kind)
        return Stores.open(folder, Keys.open(settings.key_dir, folder), settings)

    stores = opened()
    stores.audit.append("start")
    stores.approvals.approve(replace(settings, network="bundled"), ["ruiz"])
    capture = Capture(np.zeros((40, 30, 3), np.uint8), (5, 5, 20, 25), np.ones((5, 2), np.float32))
    for number, name in enumerate(NAMES):
        owner, at = f"{number:032x}", "2026-11-29T00:00:00+00:00"
        stores.gallery.save(name, template(owner, "bundled"), [capture] * 5)
        stores.credentials.add(CredentialRecord(owner, name, name, "hash", name, at, at))
    return opened


@pytest.fixture
def stores(open_stores: Callable[[], Stores]) -> Iterator[Stores]:
    made = open_stores()
    yield made
    made.audit.close()


def networks(stores: Stores) -> dict[str, str]:
    """Return the approved network, and the one that each customer has a template of."""
    approved = stores.approvals.last
    found = {"": approved.network if approved else ""}
    for record in stores.credentials.all():
        loaded = stores.gallery.load(str(record.template_id), record.customer_id)
        found[record.username] = loaded.network
    return found


def all_on(network: str) -> dict[str, str]:
    return dict.fromkeys(("", *NAMES), network)


def change(stores: Stores, settings: Settings, network: str, **more: Any) -> Rebuild:
    parts: dict[str, Any] = {"confirm": lambda left: False, "progress": lambda done, of: None}
    return rebuild(settings, stores, network, SIGNED, **(parts | more))


def test_every_template_is_made_again_there_and_back(
    stores: Stores, settings: Settings, open_stores: Callable[[], Stores]
) -> None:
    seen: list[tuple[int, int]] = []
    there = change(stores, settings, "vggface2", progress=lambda *told: seen.append(told))
    assert there == Rebuild("vggface2", True, 3, ())
    assert seen == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert networks(open_stores()) == all_on("vggface2")
    assert change(stores, settings, "vggface2").made == 0
    assert change(stores, settings, "bundled") == Rebuild("bundled", True, 3, ())
    assert networks(open_stores()) == all_on("bundled")
    assert not list(settings.data_dir.rglob("*.staged"))


def test_change_is_logged_with_both_names_and_the_approval_is_theirs(
    stores: Stores, settings: Settings
) -> None:
    change(stores, settings, "vggface2")
    entries = [entry for entry in stores.audit.entries() if entry["kind"] == "rebuild"]
    assert [(entry["step"], entry["network"], entry["staff"]) for entry in entries] == [
        ("begun", "vggface2", ["ruiz", "okafor"]), ("done", "vggface2", ["ruiz", "okafor"]),
    ]  # fmt: skip
    assert stores.approvals.last is not None
    assert stores.approvals.last.by == ("ruiz", "okafor")
    stores.approvals.check(settings)
    assert stores.audit.head_stores()["approval"] == stores.approvals.generation


def test_whoever_is_left_is_named_before_anything_changes(
    stores: Stores, settings: Settings, refused: set[str]
) -> None:
    refused.add(f"{1:032x}")
    asked: list[tuple[str, ...]] = []

    def confirm(left: tuple[str, ...]) -> bool:
        asked.append(left)
        assert networks(stores) == all_on("bundled")
        return len(asked) > 1

    assert change(stores, settings, "vggface2", confirm=confirm) == Rebuild(
        "vggface2", False, 0, ("bob",)
    )
    assert networks(stores) == all_on("bundled")
    assert not list(settings.data_dir.rglob("*.staged"))
    assert change(stores, settings, "vggface2", confirm=confirm) == Rebuild(
        "vggface2", True, 2, ("bob",)
    )
    assert networks(stores) == all_on("vggface2") | {"bob": "bundled"}
    assert asked == [("bob",)] * 2
    assert change(stores, settings, "bundled").made == 2  # and bob's serves again
    assert networks(stores) == all_on("bundled")


def test_pictures_that_cannot_be_read_leave_the_customer_out(
    stores: Stores, settings: Settings
) -> None:
    path = settings.data_dir / "gallery" / "cleo.captures"
    path.write_bytes(path.read_bytes()[:-1] + b"\0\0")
    assert change(stores, settings, "vggface2").left == ("cleo",)


def test_template_that_cannot_be_read_is_made_again(stores: Stores, settings: Settings) -> None:
    (settings.data_dir / "gallery" / "cleo.template").unlink()
    assert change(stores, settings, "bundled").made == 1
    assert networks(stores) == all_on("bundled")


@pytest.mark.parametrize("at", [0, 1, 2, 3])
def test_error_at_any_customer_leaves_everything_as_it_was(
    stores: Stores, settings: Settings, at: int
) -> None:
    def fail(done: int, of: int) -> None:
        if done == at:
            raise OSError(28, "No space left on device")

    with pytest.raises(AtmError, match=r"was not changed: .*No space left"):
        change(stores, settings, "vggface2", progress=fail)
    assert networks(stores) == all_on("bundled")
    assert not list(settings.data_dir.rglob("*.staged"))


def test_missing_model_changes_nothing(stores: Stores, settings: Settings, models: Path) -> None:
    (models / "published.tflite").unlink()
    with pytest.raises(NotApprovedError, match=r"published\.tflite cannot be read"):
        change(stores, settings, "vggface2")
    assert networks(stores) == all_on("bundled")
    assert not list(settings.data_dir.rglob("*.staged"))


@pytest.mark.parametrize("network", ["bundled", "vggface2"])
def test_setting_that_names_another_network_is_refused(
    stores: Stores, settings: Settings, network: str
) -> None:
    asked = replace(settings, network=network)
    if network == "vggface2":
        assert change(stores, asked, "vggface2").done
        return
    with pytest.raises(AtmError, match="The setting network is “bundled”: remove it"):
        change(stores, asked, "vggface2")
    assert networks(stores) == all_on("bundled")


def test_kiosk_of_a_bank_is_refused(stores: Stores, settings: Settings) -> None:
    with pytest.raises(AtmError, match="service"):
        change(stores, replace(settings, store="https://bank"), "vggface2")


def test_staged_templates_are_placed_only_if_their_network_is_approved(
    stores: Stores, settings: Settings
) -> None:
    faces = settings.data_dir / "gallery"
    for network in ("vggface2", "bundled"):
        for number, name in enumerate(NAMES):
            stores.gallery.stage(name, template(f"{number:032x}", "vggface2"))
        shutil.copy(faces / "ada.staged", faces / "x.staged")
        approved = replace(settings, network=network)
        stores.approvals.approve(approved, ["ruiz", "okafor"])
        finish_rebuild(stores)
        assert networks(stores) == all_on("vggface2") | {"": network}
        assert not list(settings.data_dir.rglob("*.staged"))
        assert not (faces / "x.template").exists()


def test_approval_alone_may_not_change_the_network_of_enrolled_customers(
    stores: Stores, settings: Settings
) -> None:
    check_enrolled_with(stores, replace(settings, network="bundled"))
    with pytest.raises(AtmError, match=r"\(bundled\).*“python -m atm rebuild vggface2”"):
        check_enrolled_with(stores, replace(settings, network="vggface2"))
    altered = settings.data_dir / "approval.json"
    altered.write_bytes(altered.read_bytes().replace(b"ruiz", b"riuz"))
    check_enrolled_with(stores, replace(settings, network="bundled"))
    with pytest.raises(AtmError, match="rebuild vggface2"):
        check_enrolled_with(stores, replace(settings, network="vggface2"))
    for record in stores.credentials.all():
        stores.credentials.remove(record.customer_id)
    check_enrolled_with(stores, replace(settings, network="vggface2"))
