"""The time of one request of a challenge: only what was watched counts, and no words before it."""

from typing import Final, Literal

from face_auth.liveness.track import Track

EACH_S: Final = 4.5
"""How long each movement may take, of time that was watched; chosen for people who react within a
second and turn slowly."""
STRAIGHT_S: Final = 8.0
"""How long the first straight frames may take, of time that was watched."""
ENOUGH: Final = 48
"""So many pictures of a movement must be judged before it counts as not done. Fewer show less of
a movement: in simulation two of 100 honest people were refused at 8 a second who pass at 12.
Five a second show fewer in the longest time, so nobody is suspected then."""
LONGEST: Final = 2.0
"""Largest factor by which each of these times is extended where pictures are few or missing."""
WORDS_S: Final = 5.0
"""How long the words of a request may hold its time back: at 100 words a minute espeak-ng takes up
to 4.8 s, in five languages."""


class RequestTime:
    """Time since something was asked for.

    Attributes:
        asked_at: When it was asked for, by the camera's clock; None before the first frame.
    """

    def __init__(self, track: Track) -> None:
        """Begin with the first frame that is added; *track* says what was watched."""
        self._track = track
        self.asked_at: float | None = None
        self._from = 0.0  # when its time began: then too, or once its words were spoken
        self._seen = 0
        self._watched_s = 0.0
        self._gap = False
        self._spoken = False

    def begin(self, at: float) -> None:
        """Note that something else is asked for, *at* a time."""
        self.asked_at = at
        self._gap = self._spoken = False
        self._count_from(at)

    def add(self, at: float, *, speaking: bool) -> None:
        """Add a frame that the track has.

        Args:
            at: When it was captured.
            speaking: Whether what is asked for is still being said; `WORDS_S` at most count.
        """
        if self.asked_at is None:
            self.begin(at)
        assert self.asked_at is not None
        self._seen += 1
        self._gap = self._gap or self._track.unwatched
        self._spoken = self._spoken or not speaking or at - self.asked_at >= WORDS_S
        if not self._spoken:
            self._count_from(at)

    def over(self, at: float, *, straight: bool) -> Literal["", "late", "few"]:
        """Return whether the time is over, at a frame's time.

        Args:
            at: When that frame was captured.
            straight: Whether a straight look is asked for, and no movement.

        Returns:
            "late" where it was watched and nothing came, "few" where pictures were missing.
        """
        limit_s = STRAIGHT_S if straight else EACH_S
        watched_s = self._track.watched_s - self._watched_s
        if watched_s > limit_s and (straight or self._seen >= ENOUGH):
            return "few" if self._gap and not straight else "late"
        return "few" if at - self._from > LONGEST * limit_s else ""

    def _count_from(self, at: float) -> None:
        self._from, self._seen, self._watched_s = at, 0, self._track.watched_s
