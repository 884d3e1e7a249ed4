"""MTCNN's cascade of three networks on a frame of 640 x 480, run by LiteRT.

It follows the ``mtcnn`` 1.0.0 package step by step: pyramid, P-Net, R-Net, O-Net and its way of
suppressing overlapping boxes. One difference is intended: the pyramid ends where a level would be
smaller than P-Net's 12 x 12 window. The package goes on, P-Net fails there, and it reports no face
at all for every smallest face above 23 px in such a frame.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from face_auth.recognition.litert import make_interpreter

FRAME_WIDTH: Final = 640
FRAME_HEIGHT: Final = 480
SCALE_FACTOR: Final = 0.709
PNET_WINDOW: Final = 12
PNET_STRIDE: Final = 2
RNET_SIDE: Final = 24
ONET_SIDE: Final = 48
OVERLAP_IN_LEVEL: Final = 0.5
OVERLAP: Final = 0.7
BATCHES: Final = (8, 4, 2, 1)
"""Batch sizes that R-Net and O-Net are prepared for; 13 patches run as 8 + 4 + 1."""

Floats = NDArray[np.float32]


class Scores(NamedTuple):
    """The score that a window must exceed in each network, 0 to 1."""

    pnet: float
    rnet: float
    onet: float


STRICT: Final = Scores(pnet=0.6, rnet=0.7, onet=0.8)
"""The kiosk's thresholds, which are those of the ``mtcnn`` package."""


class Found(NamedTuple):
    """The faces found in a frame, in its pixels, highest score first.

    Attributes:
        boxes: x1, y1, x2, y2, shape (n, 4); may reach beyond the frame.
        scores: Shape (n,), above O-Net's threshold.
        landmarks: x, y, shape (n, 5, 2), in the order of ``detection.Face``.
    """

    boxes: Floats
    scores: Floats
    landmarks: Floats


class Cascade:
    """The three networks, prepared for frames of 640 x 480; not thread-safe."""

    def __init__(
        self, pnet: bytes, rnet: bytes, onet: bytes, min_face: int, threads: int, scores: Scores
    ) -> None:
        """Prepare one P-Net for each level of the pyramid, and R-Net and O-Net for each batch.

        Args:
            pnet: A .tflite file's content; so are *rnet* and *onet*.
            rnet: See *pnet*.
            onet: See *pnet*.
            min_face: Smallest face of interest, px of the frame.
            threads: How many processor threads one network may use.
            scores: What a face must exceed in each network.

        Raises:
            ValueError: If one of the files is not a network, or has another input.
            RuntimeError: The same, as LiteRT sees it.
        """
        self._scores = scores
        self._levels = [
            (scale, Reduction(width, height), _Network(pnet, (1, height, width, 3), threads))
            for scale, width, height in pyramid(min_face)
        ]
        self._rnet = _Batches(rnet, RNET_SIDE, threads)
        self._onet = _Batches(onet, ONET_SIDE, threads)

    def find(self, frame: NDArray[np.uint8]) -> Found:
        """Find the faces in a frame, RGB of shape (480, 640, 3)."""
        sums = np.asarray(cv2.integral(frame, sdepth=cv2.CV_32S), np.int32)
        boxes = self._propose(sums)
        if len(boxes):
            pixels = frame.astype(np.float32)
            boxes = self._refine(pixels, boxes)
        if len(boxes):
            return self._finish(pixels, boxes)
        return Found(*(np.empty((0, *shape), np.float32) for shape in ((4,), (), (5, 2))))

    def _propose(self, sums: NDArray[np.int32]) -> Floats:
        """Run P-Net over the pyramid of the frame with that integral image; (n, 4)."""
        boxes, scores = [], []
        for scale, reduce, network in self._levels:
            offsets, chances = network(_normalised(reduce(sums))[np.newaxis])
            level_boxes, level_scores = windows(
                offsets[0], chances[0, :, :, 1], scale, self._scores.pnet
            )
            keep = suppress(level_boxes, level_scores, OVERLAP_IN_LEVEL)
            boxes.append(level_boxes[keep])
            scores.append(level_scores[keep])
        together = np.concatenate(boxes)
        return _squared(together[suppress(together, np.concatenate(scores), OVERLAP)])

    def _refine(self, pixels: Floats, boxes: Floats) -> Floats:
        """Judge and move the proposals with R-Net; (n, 4)."""
        offsets, chances = self._rnet(_patches(pixels, boxes, RNET_SIDE))
        good = chances[:, 1] > self._scores.rnet
        boxes = _moved(boxes[good], offsets[good])
        return _squared(boxes[suppress(boxes, chances[good, 1], OVERLAP)])

    def _finish(self, pixels: Floats, boxes: Floats) -> Found:
        """Judge and move the boxes with O-Net, and place the landmarks."""
        offsets, points, chances = self._onet(_patches(pixels, boxes, ONET_SIDE))
        good = chances[:, 1] > self._scores.onet
        boxes, offsets, points, scores = boxes[good], offsets[good], points[good], chances[good, 1]
        sizes = (boxes[:, 2:] - boxes[:, :2] + 1)[:, np.newaxis]
        # O-Net gives five x, then five y, as shares of the box that it looked at.
        landmarks = points.reshape(-1, 2, 5).transpose(0, 2, 1) * sizes + boxes[:, None, :2] - 1
        boxes = _moved(boxes, offsets)
        keep = suppress(boxes, scores, OVERLAP, of_smaller=True)
        return Found(boxes[keep], scores[keep], landmarks[keep])


def pyramid(min_face: int) -> list[tuple[float, int, int]]:
    """Return scale, width and height of each level that P-Net looks at, largest first."""
    levels = []
    scale = PNET_WINDOW / min_face
    while int(FRAME_HEIGHT * scale) >= PNET_WINDOW:
        levels.append((scale, int(FRAME_WIDTH * scale), int(FRAME_HEIGHT * scale)))
        scale *= SCALE_FACTOR
    return levels


def windows(offsets: Floats, chances: Floats, scale: float, least: float) -> tuple[Floats, Floats]:
    """Convert P-Net's maps, shapes (h, w, 4) and (h, w), to boxes in the frame and their scores."""
    rows, columns = np.nonzero(chances > least)
    corner = np.stack([columns, rows], axis=1).astype(np.float32) * PNET_STRIDE
    boxes = np.concatenate([corner + 1, corner + PNET_WINDOW], axis=1)
    boxes += offsets[rows, columns] * (PNET_WINDOW - 1)
    return np.asarray(boxes / np.float32(scale), np.float32), chances[rows, columns]


def suppress(
    boxes: Floats, scores: Floats, allowed: float, *, of_smaller: bool = False
) -> NDArray[np.intp]:
    """Drop each box that overlaps a box of higher score, even if that one is dropped too.

    Args:
        boxes: x1, y1, x2, y2, shape (n, 4).
        scores: Shape (n,).
        allowed: The largest overlap to keep, intersection over union.
        of_smaller: Take the intersection over the smaller box instead.

    Returns:
        The indices of the boxes to keep, highest score first.
    """
    order = np.argsort(scores)[::-1]
    x1, y1, x2, y2 = boxes[order].T
    area = (x2 - x1) * (y2 - y1)
    width = np.minimum(x2[:, None], x2) - np.maximum(x1[:, None], x1)
    height = np.minimum(y2[:, None], y2) - np.maximum(y1[:, None], y1)
    shared = np.maximum(width, 0) * np.maximum(height, 0)
    whole = np.minimum(area[:, None], area) if of_smaller else area[:, None] + area - shared
    dropped = np.triu(shared > allowed * whole, 1).any(axis=0)
    return np.asarray(order[~dropped])


class Reduction:
    """The reduction of a frame to one pyramid level; each pixel is the mean of its area.

    It works on the frame's integral image. That is linear inside each pixel, so the sum over any
    rectangle follows exactly from its corners, three times faster than cv2.resize does it.
    """

    def __init__(self, width: int, height: int) -> None:
        """Prepare for a level of that many pixels."""
        columns, self._right = _edges(FRAME_WIDTH, width)
        rows, self._below = _edges(FRAME_HEIGHT, height)
        self._corners = rows[:, np.newaxis] * (FRAME_WIDTH + 1) + columns
        self._area = FRAME_WIDTH * FRAME_HEIGHT / (width * height)

    def __call__(self, sums: NDArray[np.int32]) -> Floats:
        """Return the level, shape (height, width, 3), from sums of shape (481, 641, 3)."""
        # Indices of one axis, unchecked: eight times as fast as of two.
        corners = sums.reshape(-1, 3).take(self._corners, axis=0, mode="clip").astype(np.float64)
        above, below = np.split(corners, 2)
        rows = np.diff(above + self._below[:, None, None] * (below - above), axis=0)
        left, right = np.split(rows, 2, axis=1)
        cells = np.diff(left + self._right[:, None] * (right - left), axis=1)
        return np.asarray(cells / self._area, np.float32)


def _edges(length: int, parts: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the whole pixels before, then after each of parts + 1 edges, and the fractions."""
    edges = np.arange(parts + 1) * (length / parts)
    before = np.asarray(np.minimum(edges, length - 1), np.intp)
    return np.concatenate([before, before + 1]), np.asarray(edges - before)


class _Network:
    """One interpreter with a fixed input shape."""

    def __init__(self, content: bytes, shape: Sequence[int], threads: int) -> None:
        self._interpreter = make_interpreter(content, threads)
        self._input: int = self._interpreter.get_input_details()[0]["index"]
        self._interpreter.resize_tensor_input(self._input, shape, strict=False)
        self._interpreter.allocate_tensors()
        self._outputs = [output["index"] for output in self._interpreter.get_output_details()]

    def __call__(self, batch: Floats) -> list[Floats]:
        self._interpreter.set_tensor(self._input, batch)
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(index) for index in self._outputs]


class _Batches:
    """A network for one or more square patches, as interpreters of fixed batch sizes."""

    def __init__(self, content: bytes, side: int, threads: int) -> None:
        self._networks: list[tuple[int, Callable[[Floats], list[Floats]]]] = [
            (size, _Network(content, (size, side, side, 3), threads)) for size in BATCHES
        ]

    def __call__(self, patches: Floats) -> list[Floats]:
        parts, start = [], 0
        for size, network in self._networks:
            while len(patches) - start >= size:
                parts.append(network(patches[start : start + size]))
                start += size
        return [np.concatenate(output) for output in zip(*parts, strict=True)]


def _normalised(pixels: Floats) -> Floats:
    return (pixels - np.float32(127.5)) / np.float32(128)


def _squared(boxes: Floats) -> Floats:
    size = boxes[:, 2:] - boxes[:, :2]
    side = size.max(axis=1, keepdims=True)
    corner = boxes[:, :2] + (size - side) / 2
    return np.concatenate([corner, corner + side], axis=1)


def _moved(boxes: Floats, offsets: Floats) -> Floats:
    return boxes + offsets * np.tile(boxes[:, 2:] - boxes[:, :2] + 1, 2)


def _patches(pixels: Floats, boxes: Floats, side: int) -> Floats:
    """Sample each box at side x side points, mid-grey beyond the frame; normalised.

    Bilinear at the very points of TensorFlow's crop_and_resize as the package calls it, without
    averaging: the networks were trained on such patches.
    """
    size = np.array([FRAME_WIDTH, FRAME_HEIGHT], np.float32)
    start = boxes[:, :2] * ((size - 1) / size)
    step = (boxes[:, 2:] - boxes[:, :2]) * ((size - 1) / size / (side - 1))
    grid = start[:, np.newaxis] + step[:, np.newaxis] * np.arange(side, dtype=np.float32)[:, None]
    shape = (len(boxes), side, side)
    patches = cv2.remap(
        pixels,
        np.broadcast_to(grid[:, np.newaxis, :, 0], shape).reshape(-1, side),
        np.broadcast_to(grid[:, :, np.newaxis, 1], shape).reshape(-1, side),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(127.5, 127.5, 127.5),
    )
    return _normalised(np.asarray(patches, np.float32).reshape(*shape, 3))
