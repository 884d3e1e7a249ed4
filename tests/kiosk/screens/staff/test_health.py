"""Health page: a mark and a sentence for each part."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from atm.outside_memory import Memory
from kiosk.screens.staff.health import findings
from kiosk.words.language import Language

NOW = datetime(2026, 11, 22, 10, 42, tzinfo=UTC)
WELL: dict[str, Any] = {
    "disk_free_share": 0.62,
    "disk_short": False,
    "camera": "ready",
    "camera_problem": "",
    "clock": NOW,
    "network": "bundled",
    "other_network": "",
    "other_terms": "",
    "approved": True,
    "liveness": "challenge",
    "liveness_network": True,
    "pace": 12.4,
    "last_backup": NOW - timedelta(days=3),
    "log_room": 9_120,
    "memory": Memory.DISK,
    "key_in_tpm": False,
    "pause_s": 0.0,
    "notes": (),
    "without_face": "off",
    "dispenser": "simulated",
    "admitted": 0,
    "admitted_attended": 0,
}


def rows(**other: Any) -> dict[str, tuple[str, str]]:
    """Return tone and sentence by the part's name, of a machine that is well but for *other*."""
    health: Any = SimpleNamespace(**{**WELL, **other})
    return {e.title: (e.tone, e.text) for e in findings(health, Language("en"), NOW)}


def test_all_is_well() -> None:
    found = rows()
    assert list(found) == ["Camera", "Face check", "Room", "Safety", "Clock", "Pause", "Dispenser"]
    assert found["Room"][1] == "62% is free. Room for 9,120 entries."
    assert {tone for tone, _text in found.values()} == {"ok"}


def test_the_dispenser_is_named_and_one_by_xfs4iot_called_experimental() -> None:
    assert rows()["Dispenser"] == ("ok", "Simulated: no notes come out.")
    device = rows(dispenser="xfs4iot+wss://192.0.2.7:5846/xfs4iot/v1.0")["Dispenser"]
    assert device == ("ok", "By XFS4IoT: experimental, never tried on a device.")


def test_logins_without_the_face_are_counted_apart_where_there_are_any() -> None:
    told = ("ok", "3 of the last 120 logins, beside staff.")
    on = rows(without_face="attended", admitted=120, admitted_attended=3)
    assert on["Without the face"] == told
    assert rows(admitted=120, admitted_attended=3)["Without the face"] == told
    assert "Without the face" not in rows(admitted=120)


def test_a_better_network_that_is_there_is_named_and_a_weaker_one_is_not() -> None:
    tone, better = rows(other_network="vggface2")["Face check"]
    assert tone == "ok"
    assert "bundled, approved by staff. A better one is here: vggface2." in better
    weaker = rows(network="vggface2", other_network="bundled")["Face check"][1]
    assert weaker.startswith("vggface2, approved by staff.") and "better" not in weaker


@pytest.mark.parametrize(
    ("part", "other", "says"),
    [
        ("Disk", {"disk_free_share": 0.199, "disk_short": True}, "20% is free."),
        ("Camera", {"camera": "lost"}, "It does not answer."),
        ("Camera", {"camera": "starting"}, "It is starting."),
        ("Camera", {"camera_problem": "Camera changed. Ask staff."}, "Camera changed. Ask staff."),
        ("Approval", {"approved": False}, "bundled is not approved."),
        ("Photo check", {"liveness": "off"}, "Off. A photograph may be admitted."),
        ("Photo check", {"liveness": "passive"}, "It works, but nobody is asked to move."),
        ("Photo check", {"liveness_network": False}, "A part is missing"),
        (
            "Photo check",
            {"liveness": "passive", "liveness_network": False},
            "Nobody is asked to move, and a part is missing",
        ),
        ("Speed", {"pace": 4.97}, "Too slow: 4 pictures a second are checked, 5 are needed."),
        ("Keys", {"last_backup": None}, "On the disk. There is no backup yet."),
        ("Keys", {"last_backup": NOW - timedelta(days=90)}, "On the disk. Backup: 24 Aug"),
        ("Log", {"log_room": 1_999}, "Room for 1,999 entries."),
        ("Old copies", {"memory": Memory.NONE}, "Nothing would notice an old copy of this disk."),
        ("Pause", {"pause_s": 0.4}, "Nobody can log in for 1 second: too many refusals."),
        ("Note", {"notes": ("Back up the keys.",)}, "Back up the keys."),
    ],
)
def test_what_is_not_well_is_marked_and_said(part: str, other: dict[str, Any], says: str) -> None:
    found = rows(**other)
    first = next(iter(found))
    assert first == part and found[part][0] == "bad" and found[part][1].startswith(says)
    assert [tone for tone, _text in found.values()].count("bad") == 1
