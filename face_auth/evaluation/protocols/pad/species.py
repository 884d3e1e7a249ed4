"""Simulated presentations, bona fide and attacks: frame sequences from a photograph and a seed."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from face_auth.evaluation.overlays import mask
from face_auth.evaluation.protocols.pad.heads import HEIGHT, WIDTH, Head, HeadPlacement
from face_auth.evaluation.protocols.pad.people import ENDS, Customer
from face_auth.evaluation.protocols.pad.surfaces import Held, hold, on_screen, printed
from face_auth.recognition.alignment import similarity
from face_auth.recognition.detection import Face
from face_auth.types import Movement

Picture = NDArray[np.uint8]

RATE: Final = 8.0
"""Frames a second that are judged: the rate at which guidance must give its verdict."""
NOISE: Final = (1.5, 3.5)
"""Standard deviation of the camera's noise, grey levels, drawn for each sequence."""


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A photograph of the presented person in a frame of 640 x 480, and the face in it."""

    picture: Picture
    face: Face


class Sequence(ABC):
    """The frame sequence of one visit; base of all presentations.

    Attributes:
        rate: How many frames a second will be asked for.
    """

    rate = RATE

    def __init__(self, subject: Subject, other: Subject, seed: int) -> None:
        """Prepare a visit of the person shown, with *other*'s photograph as the attacker's room."""
        self.rng = np.random.default_rng([seed, 11])
        self.seed = seed
        self.subject = subject
        self.other = other
        self._noise = self.rng.normal(0, self.rng.uniform(*NOISE), (HEIGHT + 97, WIDTH + 97, 3))
        self._phase = self.rng.uniform(0, 2 * np.pi, 6)

    def frame(self, asked: Movement | None, t: float) -> Picture:
        """Return the camera's frame at a moment, RGB, shape (480, 640, 3)."""
        seen = self.scene(asked, t).astype(np.float32)
        top, left = self.rng.integers(0, 97, 2)
        seen += self._noise[top : top + HEIGHT, left : left + WIDTH]
        return np.asarray(np.clip(seen + 0.5, 0, 255), np.uint8)

    @abstractmethod
    def scene(self, asked: Movement | None, t: float) -> Picture:
        """Return the scene in front of the camera."""


class Living(Sequence):
    """A bona fide customer who makes the movements; with a mask on where *covered*."""

    def __init__(
        self, subject: Subject, other: Subject, seed: int, *, covered: bool = False
    ) -> None:
        """See `Sequence`."""
        super().__init__(subject, other, seed)
        picture = subject.picture
        if covered:
            picture = mask(picture, subject.face.landmarks, self.rng)
        self.head = Head(picture, subject.face, seed)
        self.person = Customer(seed)

    def scene(self, asked: Movement | None, t: float) -> Picture:
        """Draw the customer's head at its present pose."""
        return self.head.draw(self.person.pose(asked, t), t, self.person.blink(t))


class Sheet(Sequence):
    """An attack with a picture on paper or a phone, moved by hand to follow the challenge."""

    def __init__(
        self,
        subject: Subject,
        other: Subject,
        seed: int,
        *,
        screen: bool = False,
        moves: str = "still",
    ) -> None:
        """See `Sequence`.

        Args:
            subject: The person shown.
            other: Whose blurred photograph is the room.
            seed: Of everything drawn.
            screen: Whether a phone shows the picture.
            moves: "still", "moved", "rotated" or "bent".
        """
        super().__init__(subject, other, seed)
        self._moves = moves
        self._screen = screen
        self._hand = Customer(seed)
        self._behind = np.asarray(cv2.GaussianBlur(other.picture, (0, 0), 7), np.uint8)
        self._size = self.rng.uniform(0.75, 1.05)
        self._bend = self.rng.uniform(60, 150) if moves == "bent" else 0.0
        self._upright = bool(self.rng.random() < 0.7)
        self._steep = self.rng.uniform(30, 50)
        self._paper: Picture | None = None

    def scene(self, asked: Movement | None, t: float) -> Picture:
        """Draw the sheet as the attacker's hand holds it."""
        return hold(self.sheet(asked, t), self.held(asked, t), self._behind)

    def sheet(self, asked: Movement | None, t: float) -> Picture:
        """Return the picture on the sheet: the photograph."""
        picture = self._cut(self.subject.picture)
        if self._screen:
            return on_screen(picture, np.random.default_rng([self.seed, 5]), t)
        if self._paper is None:
            self._paper = printed(picture, np.random.default_rng([self.seed, 5]))
        return self._paper

    def _cut(self, picture: Picture) -> Picture:
        """Return the face with half of its height around it."""
        x, y, width, height = self.subject.face.box
        reach = 0.5 * height
        left, top = max(int(x - reach), 0), max(int(y - reach), 0)
        return picture[top : int(y + height + reach), left : int(x + width + reach)]

    def held(self, asked: Movement | None, t: float) -> Held:
        """Return the placement of the sheet in the hand at a moment."""
        waves = np.sin(2 * np.pi * t / np.array([2.9, 3.7, 4.7, 0.31, 0.27, 5.1]) + self._phase)
        much = 0.0 if self._moves == "still" else 1.0
        hand = self._hand.pose(asked, t)
        share = _share(hand, asked)
        yaw, pitch, step = ENDS[asked] if asked is not None else (0, 0, 0)
        held = Held(
            yaw=2 * much * waves[0],
            pitch=2 * much * waves[1],
            roll=1.5 * much * waves[2],
            scale=self._size * (1 + much * 0.35 * step * share),
            x=0.6 * waves[3] + much * 8 * waves[0],
            y=0.6 * waves[4] + much * 6 * waves[1],
            bend=self._bend,
            upright=self._upright,
        )
        if self._moves == "moved":
            return replace(held, x=held.x + 70 * yaw * share, y=held.y - 50 * pitch * share)
        if self._moves in {"rotated", "bent"}:
            steep = self._steep * share
            return replace(held, yaw=held.yaw + yaw * steep, pitch=held.pitch + pitch * steep)
        return held


def _share(hand: HeadPlacement, asked: Movement | None) -> float:
    """Return the share of the requested movement that the hand has made, 0 to 1."""
    if asked is None:
        return 0.0
    largest = max(abs(hand.yaw) / 22, abs(hand.pitch) / 14, (hand.scale - 1) / 0.3)
    return float(np.clip(largest, 0, 1))


class Replay(Sheet):
    """An attack with the person's video on a phone, of other movements or of the same ones."""

    def __init__(self, subject: Subject, other: Subject, seed: int, *, fits: bool) -> None:
        """See `Sequence`."""
        super().__init__(subject, other, seed, screen=True, moves="still")
        self._fits = fits
        self._head = Head(subject.picture, subject.face, seed)
        self._person = Customer(seed)
        self._plan = [list(Movement)[k] for k in self.rng.integers(0, 5, 40)]

    def sheet(self, asked: Movement | None, t: float) -> Picture:
        """Return the video's frame."""
        if not self._fits:
            asked = None if t < 0.8 else self._plan[int((t - 0.8) / 2.0) % len(self._plan)]
        picture = self._head.draw(self._person.pose(asked, t), t, self._person.blink(t))
        return on_screen(self._cut(picture), np.random.default_rng([self.seed, 5]), t)


class CutOut(Sheet):
    """An attack with a print whose holes show the attacker's own eyes and mouth."""

    def __init__(self, subject: Subject, other: Subject, seed: int) -> None:
        """See `Sequence`."""
        super().__init__(subject, other, seed, moves="rotated")
        self._own = Head(_onto(other, subject), subject.face, seed)
        self._self = Customer(seed + 1)

    def sheet(self, asked: Movement | None, t: float) -> Picture:
        """Return the print with the attacker's eyes and mouth in its holes."""
        living = self._own.draw(HeadPlacement(yaw=2 * np.sin(t)), t, self._self.blink(t))
        holes = np.zeros((HEIGHT, WIDTH), np.uint8)
        points = np.asarray(self.subject.face.landmarks, float)
        unit = float(np.hypot(*(points[1] - points[0])))
        mouth = points[3:].mean(axis=0)
        for middle, size in ((points[0], 0.2), (points[1], 0.2), (mouth, 0.36)):
            axes = (round(unit * size), round(unit * size * 0.6))
            centre = (round(float(middle[0])), round(float(middle[1])))
            cv2.ellipse(holes, centre, axes, 0, 0, 360, 255, -1)
        paper = printed(self.subject.picture, np.random.default_rng([self.seed, 5]))
        edge = (paper.shape[0] - HEIGHT) // 2
        paper = paper[edge : edge + HEIGHT, edge : edge + WIDTH]
        through = (holes > 0)[..., np.newaxis]
        return np.ascontiguousarray(self._cut(np.where(through, living, paper)))


def _onto(source: Subject, target: Subject) -> Picture:
    """Return a person's photograph moved so that eyes and mouth lie on another's."""
    matrix = similarity(source.face.landmarks, target.face.landmarks)
    drawn = cv2.warpAffine(
        source.picture, matrix, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT_101
    )
    return np.asarray(drawn, np.uint8)


class Injected(Living):
    """An injection attack: the camera's stream is replaced by one frame or a two-second loop."""

    def __init__(self, subject: Subject, other: Subject, seed: int, *, loop_s: float) -> None:
        """See `Sequence`; *loop_s* 0 is a single frame."""
        super().__init__(subject, other, seed)
        self._loop_s = loop_s
        self._kept: list[Picture] = []
        self._shown = 0

    def frame(self, asked: Movement | None, t: float) -> Picture:
        """Record the first frames, then replay them."""
        while len(self._kept) < max(round(self._loop_s * self.rate), 1):
            self._kept.append(super().frame(None, len(self._kept) / self.rate))
        self._shown += 1
        return self._kept[self._shown % len(self._kept)]


Make = Callable[[Subject, Subject, int], Sequence]

BONA_FIDE: Final[Make] = Living
ATTACKS: Final[dict[str, Make]] = {
    "print, still": Sheet,
    "print, moved": partial(Sheet, moves="moved"),
    "print, rotated": partial(Sheet, moves="rotated"),
    "print, bent": partial(Sheet, moves="bent"),
    "phone, still": partial(Sheet, screen=True),
    "phone, moved": partial(Sheet, screen=True, moves="rotated"),
    "video, other requests": partial(Replay, fits=False),
    "video, fitting requests": partial(Replay, fits=True),
    "cut-out eyes and mouth": CutOut,
    "frozen camera": partial(Injected, loop_s=0.0),
    "looped camera": partial(Injected, loop_s=2.0),
    "covered mouth": partial(Living, covered=True),
}
"""Presentation attack instrument species, as makers of sequences."""
