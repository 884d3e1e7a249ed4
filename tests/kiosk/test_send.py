"""Another program on the display cannot make the kiosk run its Tcl scripts."""

import subprocess
import sys
import time
import tkinter
from typing import Any

import pytest

from tests.kiosk.conftest import LIMIT_S

pytestmark = pytest.mark.gui

ASK = """
import sys, tkinter
other = tkinter.Tk(className="other")
print(*other.tk.splitlist(other.tk.call("winfo", "interps")), sep="\\n")
try:
    other.tk.call("send", sys.argv[1], "set reached 1")
except tkinter.TclError as error:
    print(f"error: {error}")
"""


def ask(root: tkinter.Tk, name: str) -> list[str]:
    """Return what another process sees, and what came of sending a script to *name*."""
    other = subprocess.Popen([sys.executable, "-c", ASK, name], stdout=subprocess.PIPE, text=True)
    end = time.monotonic() + LIMIT_S
    while other.poll() is None and time.monotonic() < end:
        root.update()  # a window that can be sent to answers here
        time.sleep(0.01)
    other.kill()
    said = other.communicate()[0].splitlines()
    assert "other" in said  # it sees itself, so the list is one of this display
    return said


def test_the_window_answers_no_other_interpreter(kiosk: Any) -> None:
    said = ask(kiosk.root, "two-factor-atm")
    assert not any(line.startswith("two-factor-atm") for line in said)
    assert 'error: no application named "two-factor-atm"' in said
    assert kiosk.root.tk.call("info", "commands", "send") == ""


def test_an_ordinary_window_is_seen_by_the_same_means() -> None:
    root = tkinter.Tk(className="ordinary")
    try:
        said = ask(root, "ordinary")
        assert "ordinary" in said
        if not said[-1].startswith("error: X server insecure"):
            assert root.tk.getvar("reached") == "1"
    finally:
        root.destroy()
