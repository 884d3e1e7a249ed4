"""Images of a page go with it, on the Tk thread, and not before."""

from typing import Any

import pytest

from kiosk import images
from kiosk.screens.customer.login import log_in

pytestmark = pytest.mark.gui


def held() -> set[Any]:
    """Return the images that pages of their own sizes hold."""
    kept = {**images._of_this_page, **images._of_last_page}
    return {str(image) for image in kept.values()}


def test_pages_that_come_and_go_hold_no_more_images_than_one_shows(kiosk: Any) -> None:
    kiosk.app.show(log_in)
    kiosk.root.update()
    first = len(held())
    for width in range(1000, 1200, 20):  # each with keys of another size
        kiosk.app.window.resize(width, 700)
        kiosk.app.go_home()
        kiosk.app.show(log_in)
        kiosk.root.update()
    assert 0 < len(held()) <= 2 * first
    shown = {str(key.cget("image")) for key in kiosk.screen.letters.keys}
    assert shown <= held()
    assert shown <= set(kiosk.root.image_names())
