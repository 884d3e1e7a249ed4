"""Health page: what is wrong with the machine first, in red, then what is well, in groups."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from atm.accounts.dispenser import SIMULATED
from atm.pace import LEAST
from face_auth.types import CameraState
from kiosk.screens.staff.network import ChangeNetwork
from kiosk.screens.staff.staff_page import StaffPage
from kiosk.shell import Make, Shell
from kiosk.widgets.focus import Control
from kiosk.widgets.lists import Entry, ListView
from kiosk.widgets.top_bar import Chip

if TYPE_CHECKING:
    from atm.maintenance.health import Health
    from atm.people import StaffMember
    from kiosk.words.language import Language

_TITLE = 200
LEAST_LOG_ROOM = 2_000
"""Entries: a fifth of those that the log keeps room for."""


class HealthPage(StaffPage):
    """List of the machine's parts, asked once when the page opens."""

    def __init__(self, app: Shell, staff: StaffMember, back: Make) -> None:
        """Build the page for *staff*."""
        super().__init__(app)
        self.sign(staff, back)
        self._menu = back
        self._network, self._other_network, self._other_terms = "", "", ""
        self.listing = ListView(
            self, self.fonts, empty=self._("One moment, please"), title_width=_TITLE
        )
        self.lay(self.heading(self._("Health")), self.listing)
        machine = app.machine
        self.work(lambda _attempt: machine.health(), done=self._found, failed=self.problem)

    def stops(self) -> Sequence[Control]:
        """Return the buttons that turn the pages."""
        return self.listing.controls

    def chips(self) -> Sequence[Chip]:
        """Return the way back, the change of the network where there is another, the way out."""
        back, *out = super().chips()
        if not self._other_network:
            return [back, *out]
        return [back, Chip(self._("Face network"), self._change_network), *out]

    def _change_network(self) -> None:
        staff, back, old, new = self.staff, self._menu, self._network, self._other_network
        terms = self._other_terms

        def again(app: Shell) -> HealthPage:
            return HealthPage(app, staff, back)

        self.app.show(lambda app: ChangeNetwork(app, staff, old, new, terms, again))

    def _found(self, health: Health) -> None:
        self._network, self._other_network = health.network, health.other_network
        self._other_terms = health.other_terms
        self.app.redraw_bars()
        self.listing.show(findings(health, self.language, datetime.now(UTC)))


def findings(health: Health, language: Language, now: datetime) -> list[Entry]:
    """Return a red row for each part that is not well, then a row for each group of those that are.

    Args:
        health: What the machine says of itself.
        language: In whose words.
        now: Aware; what backups are as old as.
    """
    # The stores come with it, which take 0.1 s: the menu that imports this module does not wait.
    from atm.maintenance.health import OLD_BACKUP_DAYS
    from atm.outside_memory import Memory
    from face_auth.models import PUBLISHED

    _ = language.gettext
    backup = health.last_backup
    fresh = backup is not None and (now - backup).days < OLD_BACKUP_DAYS
    saved = language.day_and_time(backup) if backup is not None else ""
    pause = math.ceil(health.pause_s)
    approved = _("{name}, approved by staff.") if health.approved else _("{name} is not approved.")
    model = approved.format(name=health.network)
    if health.other_network == PUBLISHED:
        model += " " + _("A better one is here: {name}.").format(name=health.other_network)
    parts = [
        (_("Camera"), _("Camera"), *_camera(health, language)),
        (_("Face check"), _("Approval"), health.approved, model),
        (_("Face check"), _("Photo check"), *_liveness(health, language)),
        (_("Face check"), _("Speed"), *_speed(health, language)),
        (
            _("Room"), _("Disk"), not health.disk_short,
            _("{share} is free.").format(share=language.share(health.disk_free_share)),
        ),
        (
            _("Room"), _("Log"), health.log_room >= LEAST_LOG_ROOM,
            language.ngettext("Room for {n} entry.", "Room for {n} entries.", health.log_room),
        ),
        (
            _("Safety"), _("Keys"), fresh,
            (_("In the security chip.") if health.key_in_tpm else _("On the disk.")) + " "
            + (_("Backup: {time}.").format(time=saved) if saved else _("There is no backup yet.")),
        ),
        (
            _("Safety"), _("Old copies"), health.memory is not Memory.NONE,
            {
                Memory.SERVICE: _("The bank's service would notice an old copy of this disk."),
                Memory.TPM: _("The security chip would notice an old copy of this disk."),
                Memory.DISK: _("The other disk would notice an old copy of this one."),
                Memory.NONE: _("Nothing would notice an old copy of this disk."),
            }[health.memory],
        ),
        (
            _("Clock"), _("Clock"), True,
            _("{time}. Compare it with your watch.").format(time=language.clock(health.clock)),
        ),
        (
            _("Pause"), _("Pause"), not pause,
            language.ngettext(
                "Nobody can log in for {n} second: too many refusals.",
                "Nobody can log in for {n} seconds: too many refusals.", pause,
            ) if pause else _("None: customers can log in."),
        ),
        (
            _("Dispenser"), _("Dispenser"), True,
            _("Simulated: no notes come out.") if health.dispenser == SIMULATED
            else _("By XFS4IoT: experimental, never tried on a device."),
        ),
    ]  # fmt: skip
    if health.without_face != "off" or health.admitted_attended:
        counted = _("{n} of the last {of} logins, beside staff.")
        words = counted.format(n=health.admitted_attended, of=health.admitted)
        parts.append((_("Without the face"), _("Without the face"), True, words))
    wrong = [Entry(name, text, "", "bad") for _group, name, well, text in parts if not well]
    wrong += [Entry(_("Note"), note, "", "bad") for note in health.notes]
    groups: dict[str, list[str]] = {}
    for group, _name, well, text in parts:
        if well:
            groups.setdefault(group, []).append(text)
    return wrong + [Entry(group, " ".join(texts), "", "ok") for group, texts in groups.items()]


def _liveness(health: Health, language: Language) -> tuple[bool, str]:
    _ = language.gettext
    if health.liveness == "off":
        return False, _("Off. A photograph may be admitted.")
    asks = health.liveness == "challenge"
    if health.liveness_network:
        with_network = _("It works, and asks for movements.")
        return asks, with_network if asks else _("It works, but nobody is asked to move.")
    if asks:
        return False, _("A part is missing: ask technical support.")
    return False, _("Nobody is asked to move, and a part is missing: ask technical support.")


def _speed(health: Health, language: Language) -> tuple[bool, str]:
    _ = language.gettext
    if health.pace is None:
        return True, _("Not measured yet: too few faces were checked.")
    if health.pace < LEAST:
        slow = _("Too slow: {n} pictures a second are checked, {least} are needed.")
        return False, slow.format(n=math.floor(health.pace), least=math.ceil(LEAST))
    return True, _("{n} pictures a second are checked.").format(n=math.floor(health.pace))


def _camera(health: Health, language: Language) -> tuple[bool, str]:
    _ = language.gettext
    if health.camera == CameraState.LOST:
        return False, _("It does not answer.")
    if health.camera == CameraState.STARTING:
        return False, _("It is starting.")
    if health.camera_problem:
        return False, health.camera_problem
    return True, _("It works.")
