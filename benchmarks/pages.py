"""Times of page changes: from the press to the new page, laid out, drawn and shown.

`python -m benchmarks.pages` opens the demonstration's window and changes pages; it prints for each
page the median and the longest time in milliseconds, by the clock and of the processor.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from atm.folder import Kind
from atm.people import StaffMember
from atm.settings import Settings
from kiosk.main import new_app
from kiosk.screens.customer.home import Home
from kiosk.screens.customer.login import log_in
from kiosk.screens.enrolment.consent import Consent
from kiosk.screens.enrolment.details import CustomerPin, Details
from kiosk.screens.enrolment.draft import Draft
from kiosk.screens.enrolment.face_step import FaceStep
from kiosk.screens.staff.sign_in import StaffSignIn
from kiosk.screens.staff.staff_menu import StaffMenu

TIMES = 15
_WAIT_S = 60.0


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            data_dir=Path(folder) / "data", key_dir=Path(folder) / "keys", kind=Kind.DEMO,
            camera="demo:0",
        )  # fmt: skip
        app = new_app(settings, furnish=lambda _machine, _cancel: None)
        end = time.monotonic() + _WAIT_S
        while not app.machine_ready and time.monotonic() < end:
            app.root.update()
            time.sleep(0.01)
        staff = StaffMember("Ana Ruiz")
        draft = Draft(staff, datetime.now(UTC), "maria.lopez", "Maria Lopez")
        pages: dict[str, Any] = {
            "home": Home,
            "login, name": log_in,
            "consent": lambda a: Consent(a, staff),
            "details": lambda a: Details(a, draft),
            "customer's PIN": lambda a: CustomerPin(a, draft, Home),
            "face": lambda a: FaceStep(a, draft, Home),
            "staff sign-in": lambda a: StaffSignIn(a, lambda _staff: None),
            "staff menu": lambda a: StaffMenu(a, staff, Consent),
        }
        print(f"{'page':16} {'median':>7} {'longest':>8} {'processor':>10}")
        for name, make in pages.items():
            clock, processor = [], []
            for _ in range(TIMES):
                app.show(Home if make is not Home else pages["consent"])
                app.root.update()
                began, spent = time.perf_counter(), time.process_time()
                app.show(make)
                app.root.winfo_pointerxy()  # a round trip: the display has drawn what it was told
                clock.append(1000 * (time.perf_counter() - began))
                processor.append(1000 * (time.process_time() - spent))
            row = statistics.median(clock), max(clock), statistics.median(processor)
            print(f"{name:16} {row[0]:7.0f} {row[1]:8.0f} {row[2]:10.0f}", flush=True)
        app.close()


if __name__ == "__main__":
    main()
