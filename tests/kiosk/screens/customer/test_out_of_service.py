"""Out of service: a code for everybody, the details for signed-in staff, and the log."""

import dataclasses
import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from atm.audit import AuditError
from atm.errors import AtmError, NotApprovedError, ServiceUnavailable
from atm.folder import FolderError, Kind
from atm.keys.key_file import DamagedKeyError
from atm.keys.keys import KeysError
from atm.opening import open_machine
from atm.people import StaffError
from atm.settings import Settings
from atm.stores import LEDGER, StaleStoreError
from credentials.errors import DamagedStoreError, StoreError
from face_auth.errors import CameraError, GalleryError, ModelError
from kiosk import fault_codes
from tests.kiosk.staff_steps import words

REPO = Path(__file__).parents[4]
SECRET = "/home/kiosk/.config/two-factor-atm/keys/0f3a.key"
SENTENCE = f"The key {SECRET} cannot be used: Permission denied."


def caused(error: BaseException, cause: BaseException) -> BaseException:
    """Return *error* as it is raised from *cause*."""
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (KeysError("x"), "E-KEY"),
        (DamagedKeyError("x"), "E-KEY"),
        (FolderError("x"), "E-FOLDER"),
        (NotApprovedError("x"), "E-APPROVAL"),
        (StaleStoreError("x"), "E-OLD"),
        (AuditError("x"), "E-LOG"),
        (ServiceUnavailable(), "E-SERVICE"),
        (StaffError("x"), "E-DATA"),
        (GalleryError("x"), "E-DATA"),
        (StoreError("x"), "E-DATA"),
        (caused(AtmError("x"), DamagedStoreError(Path("x"), "y")), "E-DATA"),
        (ModelError("x"), "E-MODEL"),
        (CameraError("x"), "E-CAMERA"),
        (caused(AtmError("x"), PermissionError(13, "x")), "E-DISK"),
        (AtmError("x"), "E-OTHER"),
        (ZeroDivisionError(), "E-OTHER"),
    ],
)
def test_every_kind_of_error_has_its_code(error: BaseException, code: str) -> None:
    assert fault_codes.code_of(error) == code


def test_staff_can_read_what_every_code_means() -> None:
    table = (REPO / "docs" / "out-of-service.md").read_text()
    rows = re.findall(r"^\| `(E-[A-Z]+)` \| (.+?) \| (.+?) \|$", table, re.MULTILINE)
    assert [code for code, _meaning, _act in rows] == fault_codes.codes()
    assert all(len(meaning) > 10 and len(act) > 10 for _code, meaning, act in rows)


@pytest.mark.gui
def test_the_screen_shows_a_code_and_the_log_the_rest(
    machine: Any, kiosk_on: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        kiosk = kiosk_on(machine, wait=False, error=KeysError(SENTENCE))
        kiosk.on("OutOfService")
    shown = words(kiosk.root)
    assert "Out of service. Please ask staff." in shown and "E-KEY" in shown
    assert not any("key " in text or "/" in text for text in shown), shown
    assert f"Out of service, E-KEY: {SENTENCE}" in caplog.messages
    kiosk.error = None
    kiosk.touch(kiosk.screen.again)
    kiosk.on("Home")
    kiosk.until(lambda: kiosk.app.host.machine is machine)


@pytest.mark.gui
def test_staff_who_sign_in_read_the_details(machine: Any, kiosk_on: Callable[..., Any]) -> None:
    kiosk = kiosk_on(machine)
    kiosk.app.host.fail(ModelError(SENTENCE))
    kiosk.on("OutOfService")
    assert not any(SECRET in text for text in words(kiosk.root))
    kiosk.touch(kiosk.screen.staff)
    kiosk.on("StaffSignIn")
    kiosk.type("Ana Ruiz")
    kiosk.key("Return")
    kiosk.type("654321")
    kiosk.key("Return")
    kiosk.on("FaultDetails")
    assert {"E-MODEL", SENTENCE} <= set(words(kiosk.screen))
    assert kiosk.screen.for_staff
    kiosk.touch(kiosk.app.window.top.chips[-1].face)  # Sign out
    kiosk.on("OutOfService")


@pytest.mark.gui
def test_where_the_list_of_staff_cannot_be_opened_the_log_is_named(
    machine: Any, kiosk_on: Callable[..., Any]
) -> None:
    kiosk = kiosk_on(machine, wait=False, error=KeysError(SENTENCE))
    kiosk.on("OutOfService")
    kiosk.touch(kiosk.screen.staff)
    kiosk.until(lambda: kiosk.screen.note.cget("text"))
    assert kiosk.screen.note.cget("text") == (
        "Staff cannot sign in here now. The log has the details."
    )
    assert not any("/" in text for text in words(kiosk.root))


@pytest.mark.gui
def test_staff_sign_in_although_another_store_keeps_the_machine_shut(
    settings: Settings, machine: Any, kiosk_on: Callable[..., Any]
) -> None:
    real = open_machine(dataclasses.replace(settings, kind=Kind.TEST))
    real.first_staff("Ana Ruiz", "271828")
    real.close()
    (settings.data_dir / LEDGER).write_bytes(b"altered")
    with pytest.raises(AtmError) as caught:
        open_machine(settings)
    kiosk = kiosk_on(machine, wait=False, error=caught.value)
    kiosk.on("OutOfService")
    assert "E-DATA" in words(kiosk.screen)
    kiosk.touch(kiosk.screen.staff)
    kiosk.on("StaffSignIn")
    kiosk.type("Ana Ruiz")
    kiosk.key("Return")
    kiosk.type("271828")
    kiosk.key("Return")
    kiosk.on("FaultDetails")
    assert kiosk.screen.said.cget("text") == str(caught.value)
    assert str(settings.data_dir) in str(caught.value)  # what only staff may read


def test_who_may_sign_in_is_found_without_making_anything(settings: Settings) -> None:
    from atm.opening import open_staff_sign_in

    with pytest.raises(AtmError):
        open_staff_sign_in(settings)
    assert not settings.data_dir.exists() and not settings.key_dir.exists()
    open_machine(dataclasses.replace(settings, kind=Kind.TEST)).close()
    assert open_staff_sign_in(settings).empty
    for file in settings.key_dir.iterdir():
        file.unlink()
    before = sorted(settings.data_dir.rglob("*"))
    with pytest.raises(KeysError):
        open_staff_sign_in(settings)
    assert sorted(settings.data_dir.rglob("*")) == before
