"""Scripted tour on the real machine."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from atm.login.decision import Outcome
from kiosk import story

pytestmark = pytest.mark.gui

REPO = Path(__file__).parents[2]


def test_the_story_comes_to_its_end_and_leaves_its_pictures(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "kiosk.story", "--out", str(tmp_path / "out")],
        capture_output=True, text=True, timeout=900, cwd=REPO,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    names = [file.name for file in sorted((tmp_path / "out").iterdir())]
    assert [name[:2] for name in names] == [f"{n:02d}" for n in range(1, len(names) + 1)]
    for told in (
        "home",
        "consent",
        "saved",
        "right-face-arrow",
        "refused",
        "account",
        "take-your-money",
    ):
        assert any(told in name for name in names), told
    with Image.open(tmp_path / "out" / names[0]) as picture:
        assert picture.size == (1280, 800)
        assert len(picture.getcolors(1_000_000)) > 50  # not a blank window


def test_a_step_that_does_not_come_about_fails_the_story(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def never(_play: Any) -> Iterator[tuple[str, story.Wait]]:
        yield "the impossible", lambda: False

    monkeypatch.setattr(story, "script", never)
    monkeypatch.setattr(story, "STEP_S", 0.5)
    assert story.main(["--out", str(tmp_path)]) == 1
    told = capsys.readouterr().err
    assert told.startswith("The story broke off: the impossible did not happen")
    assert [file.name for file in tmp_path.iterdir()] == ["01-failed.png"]


@pytest.mark.parametrize("unseen", [1, story.TRIES])
def test_a_face_that_was_not_seen_tries_again_and_not_for_ever(
    kiosk: Any, machine: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, unseen: int
) -> None:
    ended: list[bool] = []

    def script(play: Any) -> Iterator[tuple[str, story.Wait]]:
        yield from story._log_in(play, "face")
        ended.append(True)
        yield "the end of the test", lambda: False

    monkeypatch.setattr(story, "script", script)
    monkeypatch.setattr(story, "USERNAME", "maria.lopez")
    monkeypatch.setattr(story, "PIN", "1234")
    really = machine.login

    def login(*given: Any, **named: Any) -> Any:
        machine.outcome = Outcome.NO_FACE if len(logins()) < unseen else None
        return really(*given, **named)

    def logins() -> list[str]:
        return [call for call in machine.calls if call.startswith("login ")]

    monkeypatch.setattr(machine, "login", login)
    story.Player(kiosk.app, tmp_path).start()
    kiosk.until(lambda: ended)
    assert logins() == ["login maria.lopez 1234"] * min(unseen + 1, story.TRIES)
    assert type(kiosk.screen).__name__ == ("Account" if unseen == 1 else "LoginFace")
