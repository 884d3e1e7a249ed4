"""Prompts: the arrow over the preview, the ring's progress, and the sentence."""

import numpy as np
import pytest

from face_auth.types import LivenessProgress, LoginProgress, Movement, Verdict
from kiosk.camera_pane import picture as pane_picture
from kiosk.camera_pane.marks import Marks, Ring, Sign
from kiosk.camera_pane.picture import compose, oval, prepare
from kiosk.camera_pane.prompts import SIGNS, LoginPrompts, parts, pose_line, sign_of
from kiosk.words import messages

WIDTH, HEIGHT = 612, 412
FRAME = np.full((480, 640, 3), 90, np.uint8)


def drawn(sign: Sign, scale: float = 1.0, height: int = HEIGHT) -> np.ndarray:
    """Return where *sign* changes the picture, in full white; shape (h, w)."""
    size = (round(WIDTH * scale), round(height * scale))
    plain = compose(FRAME, *size, Marks(Ring.FILLING, 5, 12), scale)
    signed = compose(FRAME, *size, Marks(Ring.FILLING, 5, 12, sign), scale)
    changed = np.any(plain != signed, axis=2)
    assert np.all(signed[changed].min(axis=0) < 60)  # it has an edge of ink
    return np.asarray(changed & np.all(signed == 255, axis=2))


def test_every_movement_has_its_sign() -> None:
    assert set(SIGNS) == set(Movement)


@pytest.mark.parametrize(("scale", "height"), [(1.0, 412), (1.35, 412), (1.0, 452)])
def test_an_arrow_stands_at_the_side_to_turn_to(scale: float, height: int) -> None:
    x, y, _across, _down = oval(round(WIDTH * scale), round(height * scale))
    for movement, sides in (
        (Movement.LEFT, (-1, 0)), (Movement.RIGHT, (1, 0)),
        (Movement.UP, (0, -1)), (Movement.DOWN, (0, 1)),
    ):  # fmt: skip
        sign = sign_of(movement)
        assert sign is not None
        white = drawn(sign, scale, height)
        rows, columns = np.nonzero(white)
        assert np.sign(np.round([columns.mean() - x, rows.mean() - y], -1)).tolist() == list(sides)
        assert 8 * scale < columns.min() and columns.max() < white.shape[1] - 8 * scale
        assert 8 * scale < rows.min() and rows.max() < white.shape[0] - 8 * scale


@pytest.mark.parametrize("size", [(612, 412), (612, 452), (760, 560), (900, 1100), (480, 470)])
@pytest.mark.parametrize("sign", SIGNS.values())
def test_no_arrow_covers_the_face(size: tuple[int, int], sign: Sign) -> None:
    pane = oval(*size)
    plain = compose(FRAME, *size, Marks(Ring.FILLING, 5, 12), 1.0)
    signed = compose(FRAME, *size, Marks(Ring.FILLING, 5, 12, sign), 1.0)
    rows, columns = np.nonzero(np.any(plain != signed, axis=2))
    assert len(rows) > 1000
    assert not any(pane.has([place]) for place in zip(columns, rows, strict=True))


def test_come_closer_is_four_arrows_and_no_turn() -> None:
    white = drawn("closer")
    quarters = [
        white[rows, columns].sum()
        for rows in (slice(0, HEIGHT // 2), slice(HEIGHT // 2, None))
        for columns in (slice(0, WIDTH // 2), slice(WIDTH // 2, None))
    ]
    assert min(quarters) > 500 and max(quarters) < 1.05 * min(quarters)


def test_what_a_login_and_an_enrolment_show_is_kept_ready() -> None:
    rings = [Marks(Ring.FILLING, done, parts("challenge")) for done in range(13)]
    rings += [Marks(Ring.ARCS, done, 5, "up") for done in range(6)]
    rings += [Marks(), Marks(Ring.REFUSED)]
    pane_picture._overlay.cache_clear()
    prepare(64, 48, rings, 1.0)
    made = pane_picture._overlay.cache_info().misses
    for sign in SIGNS.values():
        for ring in rings:
            compose(FRAME, 64, 48, Marks(ring.ring, ring.done, ring.wanted, sign), 1.0)
    assert pane_picture._overlay.cache_info().misses == made == len(rings)


def step(movement: Movement | None, done: int, share: float, scored: int = 0) -> LoginProgress:
    """Return what a login reports while a challenge of three is under way."""
    return LoginProgress(scored, 3, LivenessProgress(movement, done, 3, share))


def taken(ring: LoginPrompts, progress: LoginProgress) -> Marks:
    """Return the marks once *progress* was taken."""
    ring.take(progress)
    return ring.look()


def test_an_arrow_comes_once_its_words_were_spoken_to_who_listens() -> None:
    speaks = [False]
    ring = LoginPrompts("challenge", lambda: speaks[0])
    assert ring.words.speaking is not None
    for request, (movement, sign) in enumerate(
        ((Movement.LEFT, "left"), (Movement.UP, "up")), 1
    ):  # fmt: skip
        asked = LivenessProgress(movement, request - 1, 3, 0.0, request=request)
        speaks[0] = True
        ring.take(LoginProgress(0, 3, asked))
        assert ring.words.speaking(request)
        assert ring.line(str)[0] == sign  # the words are on the page
        assert ring.look().sign is None
        speaks[0] = False
        assert ring.look().sign == sign
        assert not ring.words.speaking(request)
        speaks[0] = True  # something else
        assert ring.look().sign == sign
    assert LoginPrompts("challenge").words.speaking is None


def test_the_ring_fills_with_movements_and_is_whole_only_with_the_answer() -> None:
    ring = LoginPrompts("challenge")
    told = [
        step(None, 0, 0.0), step(Movement.LEFT, 0, -0.4), step(Movement.LEFT, 0, 0.6),
        step(Movement.LEFT, 0, 0.2), step(Movement.LEFT, 0, 1.7), step(Movement.UP, 1, 0.0),
        step(Movement.UP, 1, 0.99), step(None, 3, 0.0, 3),
    ]  # fmt: skip
    assert [taken(ring, each).done for each in told] == [0, 0, 2, 2, 3, 4, 7, 11]
    assert ring.marks == Marks(Ring.FILLING, 11, 12)  # the rest is the answer's


def test_without_a_challenge_the_ring_fills_with_frames() -> None:
    ring = LoginPrompts("passive")
    assert ring.marks == Marks(Ring.FILLING, 0, 3)
    asked = LivenessProgress(None, 0, 0, 0.0)
    assert taken(ring, LoginProgress(2, 3, asked)) == Marks(Ring.FILLING, 2, 3)
    assert taken(ring, LoginProgress(3, 3, asked)).done == 2  # not the answer yet
    assert ring.line(str) == ("hold", "Hold still and look at the camera")


@pytest.mark.parametrize(
    ("movement", "line"),
    [
        (None, ("hold", "Hold still and look at the camera")),
        (Movement.LEFT, ("left", "Turn your head towards the arrow")),
        (Movement.UP, ("up", "Nod up, towards the arrows")),
        (Movement.DOWN, ("down", "Nod down, towards the arrows")),
        (Movement.CLOSER, ("closer", "Come a little closer")),
    ],
)
def test_one_sentence_for_each_movement(movement: Movement | None, line: tuple[str, str]) -> None:
    ring = LoginPrompts("challenge")
    assert ring.movement is None
    ring.take(step(movement, 1, 0.0))
    assert ring.line(str) == line
    assert ring.movement == (None if movement is None else (2, 3))


@pytest.mark.parametrize(
    ("guidance", "sentence"),
    [
        (Verdict.MOVE, "Move your head a little"),
        (Verdict.TOO_DARK, "Turn your face towards the light"),
        (Verdict.OK, "Hold still and look at the camera"),
    ],
)
def test_what_would_help_the_check_is_said_where_no_arrow_is(guidance, sentence) -> None:
    ring = LoginPrompts("passive")
    ring.take(LoginProgress(2, 3, LivenessProgress(None, 0, 0, 0.0, guidance)))
    assert ring.line(str) == ("hold", sentence)
    ring.take(LoginProgress(2, 3, LivenessProgress(Movement.LEFT, 0, 3, 0.0, guidance)))
    assert ring.line(str) == ("left", "Turn your head towards the arrow")


def test_who_turns_as_asked_is_not_told_to_look_straight() -> None:
    turn = ("right", "Turn a little towards the arrow")
    unsaid = (None, Verdict.OK, Verdict.TURNED, Verdict.BLURRED, Verdict.HOLD_STILL, Verdict.MOVE)
    for verdict in unsaid:
        assert pose_line(Movement.RIGHT, verdict) == turn
    assert pose_line(Movement.RIGHT, Verdict.TOO_DARK) == (
        "hold",
        messages.GUIDANCE[Verdict.TOO_DARK],
    )
    assert pose_line(Movement.UP, Verdict.OK) == ("up", "Nod a little towards the arrows")
    assert pose_line(None, Verdict.TURNED) == ("hold", "Look straight at the camera")
    assert pose_line(None, Verdict.COVERED) == ("hold", "Uncover your face")
