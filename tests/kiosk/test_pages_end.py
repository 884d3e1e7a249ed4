"""A page that was left is gone, with everything that was on it."""

import weakref
from typing import Any

import pytest

pytestmark = pytest.mark.gui


def test_pages_that_were_left_are_not_kept(kiosk: Any) -> None:
    from kiosk.screens.existing_user import ExistingUser

    left, images = [], []
    for _ in range(4):
        kiosk.app.show(ExistingUser)
        kiosk.until(lambda: kiosk.screen.view.live)
        left.append(weakref.ref(kiosk.screen))
        kiosk.app.go_home()
        kiosk.settle(0.2)
        images.append(len(kiosk.root.tk.splitlist(kiosk.root.tk.call("image", "names"))))
    assert [page() for page in left[:-1]] == [None] * 3
    assert images[1:] == images[1:2] * 3
