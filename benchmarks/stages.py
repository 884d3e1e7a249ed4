"""Times of each stage of recognition, alternating with the baseline on the same frames."""

import os
import time
import tkinter
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import cv2
import numpy as np
from argon2 import PasswordHasher

from benchmarks import limits, rivals
from benchmarks.frames import Picture
from benchmarks.limits import Operations, Peak
from benchmarks.results import Report, Row, Target, Timing
from benchmarks.rivals import Rival
from credentials.hashing import PinHasher
from face_auth.camera.opencv import decode_picture
from face_auth.models import MODELS, read_checked
from face_auth.recogniser import Recogniser
from face_auth.recognition.embedding import LARGEST_BATCH
from face_auth.recognition.quality import assess

TURN = 10
"""Frames that one program has before the next; the first turn of each warms up."""
FRAME_LIMIT_MS = 11.0
TOTAL = "detect, align, quality, embed, score"
PANE = (612, 412)
"""The camera pane of the login page, drawn pixels."""

Samples = dict[str, list[float]]


def measure(
    report: Report,
    frames: list[Picture],
    rounds: int,
    peak: Peak,
    obvious: Rival | None,
    others: list[Rival],
) -> None:
    """Measure every stage *rounds* times and add the rows to *report*.

    Args:
        report: Where the rows go.
        frames: 640 x 480 with one large face each.
        rounds: How often; warm-up comes before.
        peak: Of this machine, for the limits.
        obvious: The baseline, or None where it is not installed.
        others: Further programs to run on the same frames.
    """
    recogniser = Recogniser.load()
    samples: Samples = defaultdict(list)
    way = _Way(recogniser, frames)
    asked = [obvious, *others] if obvious else others
    works = [(work, rival) for rival in asked for work in rival.start.works]
    for start in range(-TURN, rounds, TURN):
        kept: Samples = samples if start >= 0 else defaultdict(list)
        turn = range(start, min(start + TURN, rounds))
        for number in turn:
            way.run(number, kept)
        for work, rival in works:
            for number in turn:
                took_ms, found = rival.run(work, frames[number % len(frames)])
                kept[work].append(took_ms)
                kept[f"{work}: faces"].append(found)
    _hash(samples, rounds)
    painted = _paint(samples, frames, rounds)
    if not painted:
        report.notes.append("There is no display, so painting was left out.")
    needs = _operations(recogniser, frames, way)
    _rows(report, samples, needs, peak)
    for rival in others:
        for work in rival.start.works:
            report.others[work] = Timing.of(samples[work])
    for rival in asked:
        for work in rival.start.works:
            if rivals.EMBED not in work:
                report.facts[f"faces found per frame by {work}"] = float(
                    np.mean(samples[f"{work}: faces"])
                )
    total = Timing.of(samples[TOTAL])
    report.targets.append(Target(TOTAL, total.median_ms, "ms", FRAME_LIMIT_MS))
    report.facts["frames of these judged usable (share)"] = way.usable


class _Way:
    """Timed run of one frame through this program's stages."""

    def __init__(self, recogniser: Recogniser, frames: list[Picture]) -> None:
        self._recogniser = recogniser
        self._frames = frames
        self._files = [_jpeg(frame) for frame in frames]
        self.bytes_of_a_file = float(np.mean([len(data) for data in self._files]))
        first = recogniser.detector.detect(frames[0])[0]
        row = recogniser.network.embed(recogniser.network.frame_face(frames[0], first)[np.newaxis])
        self._template = recogniser.train("nobody", np.repeat(row, 5, axis=0))
        good = [assess(f, recogniser.detector.detect(f)).verdict == "ok" for f in frames]
        self.usable = float(np.mean(good))

    def run(self, number: int, samples: Samples) -> None:
        """Time every stage on one frame."""
        clock = time.perf_counter
        data = self._files[number % len(self._files)]
        at = [clock()]
        frame = decode_picture(data)
        at.append(clock())
        assert frame is not None
        faces = self._recogniser.detector.detect(frame)
        at.append(clock())
        if not faces:
            raise ValueError("there is no face in one of the frames")
        seen = assess(frame, faces)
        at.append(clock())
        row = self._recogniser.embed(frame, seen)
        at.append(clock())
        mean = np.mean([row, row, row], axis=0)
        mean /= np.linalg.norm(mean)
        self._template.svm.score(mean[np.newaxis])
        at.append(clock())
        names = ("decode a JPEG", "letterbox, detect", "align, judge quality", "embed", "score")
        for name, begin, end in zip(names, at, at[1:], strict=False):
            samples[name].append((end - begin) * 1000)
        samples[TOTAL].append((at[-1] - at[1]) * 1000)


def _jpeg(frame: Picture) -> bytes:
    done, data = cv2.imencode(".jpg", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
    assert done
    return bytes(data)


def _hash(samples: Samples, rounds: int) -> None:
    hasher = PinHasher(b"p" * 32)
    pin_hash = hasher.hash("customer", "493817")
    for _ in range(rounds):
        begin = time.perf_counter()
        hasher.verify(pin_hash, "customer", "493817")
        samples["PIN hash"].append((time.perf_counter() - begin) * 1000)


def _paint(samples: Samples, frames: list[Picture], rounds: int) -> bool:
    """Time the composition and painting of the camera pane; returns False without a display."""
    if not os.environ.get("DISPLAY"):
        return False
    with _painter() as paint:
        for number in range(-min(TURN, rounds), rounds):
            begin = time.perf_counter()
            paint(frames[number % len(frames)])
            if number >= 0:
                samples["compose, paint"].append((time.perf_counter() - begin) * 1000)
    return True


@contextmanager
def _painter() -> Iterator[Callable[[Picture], None]]:
    from PIL import Image, ImageTk

    from kiosk.camera_pane.marks import Marks
    from kiosk.camera_pane.picture import compose

    root = tkinter.Tk()
    try:
        photo = ImageTk.PhotoImage("RGB", PANE, master=root)
        sheet = tkinter.Canvas(root, width=PANE[0], height=PANE[1], highlightthickness=0)
        sheet.create_image(0, 0, anchor="nw", image=photo)
        sheet.pack()
        root.update()

        def paint(frame: Picture) -> None:
            photo.paste(Image.fromarray(compose(frame, *PANE, Marks(), 1.0)))
            root.update()
            root.winfo_pointerx()  # answered by the server only when it has drawn

        yield paint
    finally:
        root.destroy()


def _operations(recogniser: Recogniser, frames: list[Picture], way: _Way) -> dict[str, Operations]:
    card = recogniser.network.card
    network = limits.network_operations(read_checked(MODELS / card.file, card.sha256))
    pane = PANE[0] * PANE[1]
    face = recogniser.detector.detect(frames[0])[0]
    costs = PasswordHasher()
    return {
        "decode a JPEG": Operations(small=way.bytes_of_a_file + limits.SMALL_BYTES),
        "letterbox, detect": limits.detector_operations(recogniser.detector, frames),
        "align, judge quality": Operations(
            small=2 * 3 * card.size**2 + 3 * face.box[2] * face.height
        ),
        "embed": Operations(floats=2 * network.floats, int8s=2 * network.int8s),
        "score": Operations(floats=2 * 512 * 5),
        "PIN hash": limits.argon2_operations(costs.memory_cost, costs.time_cost),
        "compose, paint": Operations(small=limits.SMALL_BYTES + pane * (3 + 4)),
    }


def _rows(report: Report, samples: Samples, needs: dict[str, Operations], peak: Peak) -> None:
    theirs = {
        name: Timing.of(samples[name]).median_ms if samples.get(name) else None
        for name in (rivals.DEFAULT, rivals.QUICK, rivals.EMBED)
    }
    detect, quick, embed = theirs.values()
    against = {
        "letterbox, detect": (detect, quick),
        "embed": (embed, embed),
        TOTAL: (_sum(detect, embed), _sum(quick, embed)),
    }
    for stage, operations in needs.items():
        if not samples.get(stage):
            continue
        default_ms, quick_ms = against.get(stage, (None, None))
        limit = operations.limit_ms(peak)
        report.rows.append(Row(stage, Timing.of(samples[stage]), default_ms, quick_ms, limit))
    in_total = ("letterbox, detect", "align, judge quality", "embed", "score")
    limit = sum(needs[stage].limit_ms(peak) for stage in in_total)
    report.rows.append(Row(TOTAL, Timing.of(samples[TOTAL]), *against[TOTAL], limit))
    for name in (rivals.DEFAULT, rivals.QUICK, rivals.BROKEN, rivals.EMBED):
        if samples.get(name):
            report.others[name] = Timing.of(samples[name])


def _sum(one: float | None, other: float | None) -> float | None:
    return one + other if one is not None and other is not None else None


assert LARGEST_BATCH >= 2  # a face and its mirror image are one batch
