"""The password in a camera's address: it is in no output, no log and no file, whole or not."""

import logging
import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from atm.audit import AuditLog
from atm.folder import Kind, open_existing
from atm.settings import Settings
from tests.atm.commands.branch import RUIZ, Branch, branch  # noqa: F401 - a fixture
from tests.atm.conftest import no_sync  # noqa: F401 - a fixture
from tests.face_auth.camera.mjpeg_server import BASIC, MD5, SHA_256, MjpegServer

WORD = "s3cretw0rd"
NOT_WHOLE = [
    f"https://admin:12#{WORD}@foreign.example/video",
    f"https://admin:12/{WORD}@foreign.example/video",
    f"http://admin:[{WORD}@foreign.example/video",
    f"admin:{WORD}@foreign.example/video",
]
LONG_S = 120.0


@pytest.fixture
def server() -> Iterator[MjpegServer]:
    """A camera that does not accept the password."""
    made = MjpegServer()
    made.login, made.challenges = ("kiosk", "another"), [MD5, SHA_256, BASIC]
    yield made
    made.stop()


def whole(server: MjpegServer) -> str:
    return server.address.replace("http://", f"http://kiosk:{quote(f'12#{WORD}', safe='')}@")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hosts that were looked up."""
    hosts: list[str] = []
    look_up = socket.getaddrinfo

    def noted(host: Any, *more: Any, **named: Any) -> Any:
        hosts.append(str(host))
        return look_up(host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", noted)
    return hosts


def test_no_command_prints_stores_or_sends_the_password(
    branch: Branch,  # noqa: F811
    server: MjpegServer,
    asked: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    branch.born("test")
    said = [branch.out, branch.err]

    def run(*arguments: str, lines: tuple[str, ...] = RUIZ) -> int:
        code = branch.atm(*arguments, lines=lines)
        said.extend((branch.out, branch.err))
        return code

    for spec in NOT_WHOLE:
        assert run("register-camera", "--camera", spec) == 2
        assert "percent-encoded" in branch.err
        assert run("login", "maria", "--camera", spec, lines=("4071",)) == 2
        assert branch.err.count("\n") == 1
    assert asked == []
    spec = whole(server)
    balance = ("--balance", "50")
    assert run("enrol", "maria", *balance, "--camera", spec, lines=(*RUIZ, "4071")) == 1
    assert "gives no pictures: no camera at http://127.0.0.1" in branch.err
    assert "it answers 401" in branch.err
    assert run("login", "maria", "--camera", spec, lines=("4071",)) != 0
    assert run("register-camera", "--camera", spec.replace("http:", "https:")) == 0
    assert run("refusals") == 0
    assert run("health") in {0, 1}
    assert branch.audit("show", lines=RUIZ) == 0
    said.extend((branch.out, branch.err))
    log = AuditLog.of(open_existing(branch.data), branch.keys)
    said.extend(map(str, log.entries()))
    files = [path for path in branch.data.parent.rglob("*") if path.is_file()]
    assert {"camera.json", "folder.json"} <= {path.name for path in files}
    said.extend(path.read_bytes().decode("latin-1") for path in files)
    said.append(caplog.text)
    assert set(asked) == {"127.0.0.1"}
    assert any("Digest" in request for request in server.requests)
    for text in (*said, *server.requests):
        assert WORD not in text
    assert "admin" not in caplog.text


@pytest.mark.gui
@pytest.mark.parametrize("number", range(len(NOT_WHOLE) + 1))
def test_no_window_logs_or_shows_the_password(
    settings: Settings,
    server: MjpegServer,
    asked: list[str],
    caplog: pytest.LogCaptureFixture,
    number: int,
) -> None:
    from kiosk.main import open_machine
    from tests.kiosk.conftest import Kiosk

    caplog.set_level(logging.DEBUG)
    spec = [*NOT_WHOLE, whole(server)][number]
    kiosk = Kiosk(replace(settings, camera=spec, kind=Kind.TEST), open_machine)
    try:
        if number < len(NOT_WHOLE):
            kiosk.on("OutOfService", LONG_S)
            assert "percent-encoded" in kiosk.app.host.problem
            assert asked == []
        else:
            kiosk.until(lambda: kiosk.app.host.camera_lost, LONG_S)
            assert "401" in kiosk.machine.camera.problem
        said = [caplog.text, kiosk.app.host.problem, kiosk.app.host.camera_problem]
    finally:
        kiosk.close()
    assert caplog.records
    for text in said:
        assert WORD not in text
        assert "foreign" not in text
