"""Home, the first start, staff, and the demonstration, in a real window."""

import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from atm.folder import Kind
from atm.settings import Settings
from face_auth.model_making.published_graph import TERMS
from kiosk.machine_host import Condition
from kiosk.widgets.top_bar import StatusText
from tests.kiosk.conftest import LIMIT_S

pytestmark = pytest.mark.gui

REPO = Path(__file__).parents[4]


def test_first_paint_waits_for_no_model_and_no_camera(tmp_path: Path) -> None:
    """What takes long is not even imported when the home page is on the screen."""
    code = f"""
        import sys, threading
        from pathlib import Path
        from atm.settings import Settings
        from kiosk.main import new_app

        asked = threading.Event()
        folder = Path({str(tmp_path)!r})
        settings = Settings(data_dir=folder / "d", key_dir=folder / "k")
        app = new_app(settings, lambda settings: asked.set() or sys.exit)
        app.root.update_idletasks()
        assert not asked.is_set()
        heavy = {{"numpy", "cv2", "ai_edge_litert", "sklearn", "babel", "atm.machine"}}
        print(type(app.screen).__name__, sorted(heavy & set(sys.modules)))
        app.close()
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True, text=True, timeout=LIMIT_S, cwd=REPO,
    )  # fmt: skip
    assert run.stdout.split("\n")[0] == "Home []", run.stderr


def test_gui_without_a_display_says_so_in_one_sentence(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "gui.py", "--data", str(tmp_path / "d")],
        capture_output=True, text=True, timeout=LIMIT_S, cwd=REPO,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
    )  # fmt: skip
    assert run.returncode == 2
    assert run.stderr.count("\n") == 1 and "display" in run.stderr


def test_a_termination_signal_closes_the_window_in_order(tmp_path: Path) -> None:
    gui = subprocess.Popen(
        [sys.executable, "gui.py", "--data", str(tmp_path / "d"), "--kind", "demo", "--verbose",
         "--camera", "demo"],
        stderr=subprocess.PIPE, text=True, cwd=REPO,
        env={**os.environ, "ATM_KEY_DIR": str(tmp_path / "k")},
    )  # fmt: skip
    assert gui.stderr is not None
    for line in gui.stderr:
        if "First paint" in line:
            break
    gui.terminate()
    rest = gui.communicate(timeout=LIMIT_S)[1]
    assert gui.returncode == 0, rest
    assert "Traceback" not in rest


@pytest.mark.parametrize(
    ("line", "said"), [("colour = 1", "colour"), ('language = "qq"', "language must be one of en")]
)
def test_gui_with_a_bad_setting_says_so_in_one_sentence(
    tmp_path: Path, line: str, said: str
) -> None:
    (tmp_path / "kiosk.toml").write_text(f"{line}\n")
    run = subprocess.run(
        [sys.executable, "gui.py", "--config", str(tmp_path / "kiosk.toml")],
        capture_output=True, text=True, timeout=LIMIT_S, cwd=REPO,
    )  # fmt: skip
    assert run.returncode == 2
    assert run.stderr.count("\n") == 1 and said in run.stderr


def test_the_status_bar_says_ready_or_what_is_missing(kiosk: Any, machine: Any) -> None:
    assert kiosk.screen.status().text == "Ready"
    machine.ready = False
    assert kiosk.screen.status().text == "Getting ready…"
    machine.ready = True
    machine.camera.state = "lost"
    kiosk.until(lambda: kiosk.app.window.status_bar._shown.text == "No camera")
    machine.camera.state = "ready"
    kiosk.until(lambda: kiosk.app.window.status_bar._shown.text == "Ready")


def test_the_clock_is_in_the_status_bar(kiosk: Any) -> None:
    said: StatusText = kiosk.screen.status()
    assert said.right.count(":") == 1 and "," in said.right


def test_language_is_chosen_at_home_and_back_to_the_default_there(kiosk: Any) -> None:
    spanish = kiosk.app.window.top.chips[1]
    kiosk.touch(spanish.face)
    assert kiosk.screen.existing.title.cget("text") == "Ya soy cliente"
    kiosk.touch(kiosk.screen.existing)
    kiosk.on("LoginName")
    assert kiosk.screen.go.cget("text") == "Siguiente"
    kiosk.touch(kiosk.app.window.top.chips[0].face)
    kiosk.on("Home")
    assert kiosk.screen.existing.title.cget("text") == "Existing User"


def test_the_first_start_in_a_bank_begins_with_the_network_s_terms(
    kiosk: Any, machine: Any
) -> None:
    machine.terms = TERMS
    machine.staff._known.clear()
    for answer in ("no", "escape", "yes"):
        kiosk.on("Home")
        kiosk.touch(kiosk.screen.create)
        kiosk.on("Terms")
        assert kiosk.screen.said.cget("text") == TERMS
        if answer == "escape":
            kiosk.key("Escape")
        else:
            kiosk.touch(getattr(kiosk.screen, answer))
    kiosk.on("FirstStart")
    assert not machine.staff._known
    kiosk.type("Ana")
    kiosk.key("Return")
    for _ in range(2):
        kiosk.type("271828")
        kiosk.key("Return")
    kiosk.on("Consent")
    assert machine.staff._known == {"Ana": "271828"}


def test_the_very_first_start_makes_the_first_member_of_staff(kiosk: Any, machine: Any) -> None:
    machine.staff._known.clear()
    kiosk.until(lambda: "First start" in kiosk.screen.line.sentence)
    kiosk.touch(kiosk.screen.create)
    kiosk.on("FirstStart")
    kiosk.type("Ana")
    kiosk.key("Return")
    kiosk.type("27182")
    kiosk.key("Return", "Return")
    assert kiosk.screen.fields[1].error == "A staff PIN has 6 to 12 digits."
    kiosk.type("8")
    kiosk.key("Return")
    kiosk.type("271829")
    kiosk.key("Return")
    assert kiosk.screen.fields[1].error == "The two PINs differ. Type both again."
    assert kiosk.screen.fields[1].text == kiosk.screen.fields[2].text == ""
    assert not machine.staff._known
    for _ in range(2):
        kiosk.type("271828")
        kiosk.key("Return")
    kiosk.on("Consent")
    assert machine.staff._known == {"Ana": "271828"}


def test_three_wrong_staff_pins_lead_home(kiosk: Any) -> None:
    kiosk.touch(kiosk.screen.create)
    kiosk.on("StaffSignIn")
    kiosk.type("Ana")
    kiosk.key("Return")
    for tries in (1, 2):
        kiosk.type("111111")
        kiosk.key("Return")
        kiosk.until(lambda t=tries: kiosk.screen._tries == t)  # type: ignore[misc]
        kiosk.settle(0.05)
        assert kiosk.screen.fields[1].error.startswith("Name or PIN is wrong")
        assert kiosk.screen.fields[1].text == ""
    kiosk.type("111111")
    kiosk.key("Return")
    kiosk.on("Home")
    assert kiosk.screen.line.tone == "bad"


def test_staff_are_told_how_long_the_screen_pauses(kiosk: Any, machine: Any) -> None:
    machine.staff.pause_s = 29.5
    kiosk.touch(kiosk.screen.create)
    kiosk.on("StaffSignIn")
    kiosk.type("Ana")
    kiosk.key("Return")
    kiosk.type("271828")
    kiosk.key("Return")
    kiosk.until(lambda: kiosk.screen.fields[1].error)
    said = "Paused after too many refusals. Try again in 30 seconds, or ask staff."
    assert kiosk.screen.fields[1].error == said
    assert kiosk.screen.fields[1].text == ""


def test_the_banner_is_on_every_page_of_a_folder_that_is_not_live(kiosk: Any, machine: Any) -> None:
    top = kiosk.app.window.top
    assert not top._banner.winfo_ismapped()
    for kind, word in ((Kind.DEMO, "Demonstration"), (Kind.TEST, "Test")):
        machine.kind = kind
        kiosk.app.go_home()
        for act in (lambda: None, lambda: kiosk.touch(kiosk.screen.existing)):
            act()
            kiosk.settle(0.05)
            assert top._banner.winfo_ismapped()
            assert top._banner.cget("text").startswith(word)


def test_close_ends_everything(
    settings: Settings, machine: Any, kiosk_on: Callable[..., Any]
) -> None:
    kiosk = kiosk_on(machine)
    kiosk.touch(kiosk.screen.last)
    assert kiosk.app.closed and machine.closed


def test_what_is_pressed_while_the_machine_opens_happens_once_it_is_open(
    machine: Any, kiosk_on: Callable[..., Any]
) -> None:
    may_open = threading.Event()
    kiosk = kiosk_on(machine, wait=False, may_open=may_open)
    kiosk.settle(0.05)
    assert kiosk.app.host.condition is Condition.OPENING
    assert kiosk.app.window.status_bar._shown.text == "Starting…"
    kiosk.touch(kiosk.screen.create)
    assert type(kiosk.screen).__name__ == "Home"
    may_open.set()
    kiosk.on("StaffSignIn")


def test_without_a_camera_a_demonstration_in_a_folder_of_its_own_is_offered(
    machine: Any, kiosk_on: Callable[..., Any], settings: Settings
) -> None:
    kiosk = kiosk_on(machine)
    kiosk.settle(0.3)
    assert not kiosk.screen.demonstrate.winfo_ismapped()
    machine.camera.state = "lost"
    kiosk.until(lambda: kiosk.screen.demonstrate.winfo_ismapped())
    assert "No camera" in kiosk.screen.line.sentence
    kiosk.touch(kiosk.screen.demonstrate)
    kiosk.on("StaffSignIn")  # there are staff, so one of them must sign in
    kiosk.type("Ana Ruiz")
    kiosk.key("Return")
    kiosk.type("654321")
    kiosk.key("Return")
    kiosk.on("Home")
    kiosk.until(lambda: len(kiosk.opened) == 2)
    demo = kiosk.opened[1]
    assert (demo.kind, demo.camera) == (Kind.DEMO, "demo")
    assert demo.data_dir == settings.data_dir.with_name(settings.data_dir.name + "-demo")
    kiosk.until(lambda: kiosk.app.host.machine is not None)
    kiosk.touch(kiosk.screen.last)  # "End demonstration"
    kiosk.until(lambda: len(kiosk.opened) == 3)
    assert kiosk.opened[2] == settings


def test_an_exception_in_a_callback_leads_home_with_one_sentence(
    machine: Any, kiosk_on: Callable[..., Any]
) -> None:
    kiosk = kiosk_on(machine)
    kiosk.touch(kiosk.screen.existing)
    kiosk.on("LoginName")
    kiosk.root.after(1, lambda: 1 / 0)
    kiosk.on("Home")
    assert kiosk.screen.line.sentence == "Service not available. Ask staff."
    assert kiosk.screen.line.tone == "bad"
