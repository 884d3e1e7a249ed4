"""Pages are destroyed, with everything on them, once they are left."""

import gc
import os
import threading
import weakref
from typing import Any

import numpy as np
import pytest
from PIL import ImageGrab

from kiosk.screens.customer.login_pin import LoginPin
from kiosk.screens.customer.login_step import Typed

pytestmark = pytest.mark.gui


def pin_page(app: Any) -> LoginPin:
    """Make a page with a camera pane."""
    return LoginPin(app, Typed("maria"), None)


def test_pages_that_were_left_are_not_kept(kiosk: Any) -> None:
    left, images = [], []
    for _ in range(4):
        kiosk.app.show(pin_page)
        kiosk.until(lambda: kiosk.screen.view.live)
        left.append(weakref.ref(kiosk.screen))
        kiosk.app.go_home()
        kiosk.settle(0.2)
        images.append(len(kiosk.root.tk.splitlist(kiosk.root.tk.call("image", "names"))))
    kiosk.until(lambda: [page() for page in left[:-1]] == [None] * 3)  # once a second
    assert images[1:] == images[1:2] * 3


def test_the_picture_of_a_page_that_was_left_is_wiped(kiosk: Any) -> None:
    kiosk.app.show(pin_page)
    kiosk.until(lambda: kiosk.screen.view.live)
    photo = kiosk.screen.view._photo
    width, height = photo.width(), photo.height()
    middle = [photo._PhotoImage__photo.get(width // 2, y) for y in range(0, height, 20)]
    assert len(set(middle)) > 3
    kiosk.app.go_home()
    middle = [photo._PhotoImage__photo.get(width // 2, y) for y in range(20, height - 20, 20)]
    assert len(set(middle)) == 1


def test_python_collects_garbage_on_the_tk_thread_only_while_the_window_lives(kiosk: Any) -> None:
    assert not gc.isenabled()
    ran: list[threading.Thread] = []

    def note(phase: str, _info: object) -> None:
        if phase == "start":
            ran.append(threading.current_thread())

    gc.callbacks.append(note)
    try:
        done: list[object] = []
        kiosk.app.worker.start(
            lambda _attempt: [[{}] for _ in range(200_000)] and None,
            done=done.append, failed=kiosk.app.fault,
        )  # fmt: skip
        kiosk.until(lambda: done and ran)
    finally:
        gc.callbacks.remove(note)
    assert set(ran) == {threading.main_thread()}
    kiosk.close()
    assert gc.isenabled()


def test_a_page_is_laid_out_behind_the_one_before_it(kiosk: Any) -> None:
    from kiosk.screens.customer.covered import Covered

    def picture() -> Any:
        kiosk.root.winfo_pointerxy()  # a round trip: the display has drawn what it was told
        area = kiosk.app.window.area
        left, top = area.winfo_rootx(), area.winfo_rooty()
        box = (left, top, left + area.winfo_width(), top + area.winfo_height())
        return np.asarray(ImageGrab.grab(box, xdisplay=os.environ["DISPLAY"]))

    kiosk.settle(0.3)
    before = picture()
    assert before.std() > 5
    seen = []

    class Next(Covered):
        """Looks at the screen once it is laid out, before it comes to the front."""

        def lift(self, *above: Any) -> None:
            seen.append(picture())
            super().lift(*above)

    kiosk.app.show(Next)
    assert len(seen) == 1 and np.array_equal(seen[0], before)  # nobody saw it half drawn
    kiosk.settle(0.2)
    assert not np.array_equal(picture(), before)
