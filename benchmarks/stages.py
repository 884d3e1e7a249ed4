"""Times of each stage of recognition, alternating with the baseline on the same frames."""

import os
import time
import tkinter
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import cv2
import numpy as np
from argon2 import PasswordHasher

from benchmarks import limits, rivals
from benchmarks.frames import Picture
from benchmarks.limits import Operations, Peak
from benchmarks.results import Report, Row, Target, Timing
from benchmarks.rivals import Rival, RivalError
from benchmarks.targets import TARGETS
from credentials.hashing import PinHasher
from face_auth.camera.opencv import decode_picture
from face_auth.models import read_checked
from face_auth.recogniser import Recogniser
from face_auth.recognition.embedding import LARGEST_BATCH
from face_auth.recognition.quality import assess

TURN = 10
"""Frames that one program has before the next; the first turn of each warms up."""
EMBED = "embed"
TOTAL = "detect, align, quality, embed, score"
IN_TOTAL = ("letterbox, detect", "align, judge quality", EMBED, "score")
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
    networks: Sequence[str],
) -> None:
    """Measure every stage *rounds* times and add the rows to *report*.

    A work of a rival that fails is reported as failed, and the others go on.

    Args:
        report: Where the rows go.
        frames: 640 x 480 with one large face each.
        rounds: How often; warm-up comes before.
        peak: Of this machine, for the limits.
        obvious: The baseline, or None where it is not installed.
        others: Further programs to run on the same frames.
        networks: Those of this program, at least one; all other stages are the first one's.
    """
    samples: Samples = defaultdict(list)
    ways = {network: _Way(Recogniser.load(network), frames) for network in networks}
    asked = [obvious, *others] if obvious else others
    works = {work: rival for rival in asked for work in rival.start.works}
    for rival in asked:
        report.failed.update(rival.start.failed)
    report.facts["frames of these judged usable (share)"] = next(iter(ways.values())).usable
    _hash(samples, rounds)
    if not _paint(samples, frames, rounds):
        report.notes.append("There is no display, so painting was left out.")
    try:
        _alternate(report, samples, ways, works, rounds)
    finally:  # a run that is cut off keeps what it has
        _rows(report, samples, ways, peak)
        for work in works:
            if samples.get(work):
                report.others[work] = Timing.of(samples[work])
                if work != rivals.EMBED:
                    report.facts[f"faces found per frame by {work}"] = float(
                        np.mean(samples[f"{work}: faces"])
                    )


def _alternate(
    report: Report,
    samples: Samples,
    ways: "dict[str, _Way]",
    works: dict[str, Rival],
    rounds: int,
) -> None:
    """Run this program and the rivals in turns; a work that fails leaves *works* and *samples*."""
    frames = next(iter(ways.values())).frames
    for start in range(-TURN, rounds, TURN):
        kept: Samples = samples if start >= 0 else defaultdict(list)
        turn = range(start, min(start + TURN, rounds))
        for network, way in ways.items():
            for number in turn:
                way.run(number, kept, network)
        for work, rival in [*works.items()]:
            try:
                for number in turn:
                    took_ms, found = rival.run(work, frames[number % len(frames)])
                    kept[work].append(took_ms)
                    kept[f"{work}: faces"].append(found)
            except RivalError as error:
                report.failed[work] = str(error)
                del works[work]
                samples.pop(work, None)


class _Way:
    """Timed run of one frame through this program's stages."""

    def __init__(self, recogniser: Recogniser, frames: list[Picture]) -> None:
        self.recogniser = recogniser
        self.frames = frames
        self._files = [_jpeg(frame) for frame in frames]
        self.bytes_of_a_file = float(np.mean([len(data) for data in self._files]))
        first = recogniser.detector.detect(frames[0])[0]
        row = recogniser.network.embed(recogniser.network.frame_face(frames[0], first)[np.newaxis])
        self._template = recogniser.train("nobody", np.repeat(row, 5, axis=0))
        good = [assess(f, recogniser.detector.detect(f)).verdict == "ok" for f in frames]
        self.usable = float(np.mean(good))

    def run(self, number: int, samples: Samples, network: str) -> None:
        """Time every stage on one frame; the name of *network* is added to those that differ."""
        clock = time.perf_counter
        data = self._files[number % len(self._files)]
        at = [clock()]
        frame = decode_picture(data)
        at.append(clock())
        assert frame is not None
        faces = self.recogniser.detector.detect(frame)
        at.append(clock())
        if not faces:
            raise ValueError("there is no face in one of the frames")
        seen = assess(frame, faces)
        at.append(clock())
        row = self.recogniser.embed(frame, seen)
        at.append(clock())
        mean = np.mean([row, row, row], axis=0)
        mean /= np.linalg.norm(mean)
        self._template.svm.score(mean[np.newaxis])
        at.append(clock())
        names = ("decode a JPEG", "letterbox, detect", "align, judge quality", EMBED, "score")
        for name, begin, end in zip(names, at, at[1:], strict=False):
            samples[_of(network, name)].append((end - begin) * 1000)
        samples[_of(network, TOTAL)].append((at[-1] - at[1]) * 1000)


def _of(network: str, stage: str) -> str:
    return f"{stage} ({network})"


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


def _operations(way: _Way) -> dict[str, Operations]:
    recogniser = way.recogniser
    card = recogniser.network.card
    network = limits.network_operations(read_checked(card.folder / card.file, card.sha256))
    pane = PANE[0] * PANE[1]
    face = recogniser.detector.detect(way.frames[0])[0]
    costs = PasswordHasher()
    return {
        "decode a JPEG": Operations(small=way.bytes_of_a_file + limits.SMALL_BYTES),
        "letterbox, detect": limits.detector_operations(recogniser.detector, way.frames),
        "align, judge quality": Operations(
            small=2 * 3 * card.size**2 + 3 * face.box[2] * face.height
        ),
        EMBED: Operations(floats=2 * network.floats, int8s=2 * network.int8s),
        "score": Operations(floats=2 * 512 * 5),
        "PIN hash": limits.argon2_operations(costs.memory_cost, costs.time_cost),
        "compose, paint": Operations(small=limits.SMALL_BYTES + pane * (3 + 4)),
    }


def _rows(report: Report, samples: Samples, ways: dict[str, _Way], peak: Peak) -> None:
    theirs = {
        name: Timing.of(samples[name]).median_ms if samples.get(name) else None
        for name in (rivals.DEFAULT, rivals.QUICK, rivals.EMBED)
    }
    detect, quick, embed = theirs.values()
    against = {
        "letterbox, detect": (detect, quick),
        EMBED: (embed, embed),
        TOTAL: (_sum(detect, embed), _sum(quick, embed)),
    }
    for place, (network, way) in enumerate(ways.items()):
        needs = _operations(way)
        limits_ms = {stage: operations.limit_ms(peak) for stage, operations in needs.items()}
        limits_ms[TOTAL] = sum(limits_ms[stage] for stage in IN_TOTAL)
        for stage, limit_ms in limits_ms.items():
            own = stage in (EMBED, TOTAL)
            if not own and place:
                continue
            taken = samples.get(_of(network, stage)) or samples.get(stage)
            if not taken:
                continue
            name = _of(network, stage) if own else stage
            row = Row(name, Timing.of(taken), *against.get(stage, (None, None)), limit_ms)
            report.rows.append(row)
            if stage == TOTAL:
                _targets(report, network, row)


def _targets(report: Report, network: str, total: Row) -> None:
    """Add the targets of one frame, those that were measured."""
    targets = TARGETS[network]
    for against, ratio, least in (
        ("the baseline's defaults", total.versus_default, targets.versus_default),
        ("the baseline at 100 px", total.versus_quick, targets.versus_quick),
    ):
        if ratio is not None:
            name = f"one frame against {against} ({network})"
            report.targets.append(Target(name, ratio, "times as fast", least, "least"))


def _sum(one: float | None, other: float | None) -> float | None:
    return one + other if one is not None and other is not None else None


assert LARGEST_BATCH >= 2  # a face and its mirror image are one batch
