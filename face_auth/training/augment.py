"""Data augmentation: random alterations of a batch of faces, on the training device."""

import math
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from face_auth.recognition.alignment import ALIGNED_SIZE
from face_auth.training.shards import SIDE

TURN: Final = math.radians(12)
SCALE: Final = 0.12
SHIFT_PX: Final = 5.0
BLUR_PX: Final = 1.6
"""Largest standard deviation."""
GREY: Final = torch.tensor([0.299, 0.587, 0.114])
BLOCK: Final = 8
_LUMINANCE: Final = torch.tensor(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ]
)
"""JPEG's table of quantisation (ITU T.81, table K.1)."""


def middle(pictures: Tensor) -> Tensor:
    """Return the middle 112 px of faces as network input, unaltered.

    Args:
        pictures: Bytes, RGB, shape (n, 137, 137, 3).

    Returns:
        Shape (n, 3, 112, 112), values -1 to 1.
    """
    still = torch.zeros(len(pictures))
    return _cut(pictures, still, still + 1, still, still, still.bool()) / 127.5 - 1


def altered(pictures: Tensor, generator: torch.Generator, strength: float = 1.0) -> Tensor:
    """Return faces mirrored, turned, scaled, moved, blurred, recompressed, recoloured, covered.

    Args:
        pictures: Bytes, RGB, shape (n, 137, 137, 3), on any device.
        generator: Of the processor, so that every device draws the same.
        strength: 0 (mirrored at most) to 1.

    Returns:
        Shape (n, 3, 112, 112), values -1 to 1, on the device of *pictures*.
    """
    count, device = len(pictures), pictures.device

    def draw(*shape: int) -> Tensor:
        return torch.rand(count, *shape, generator=generator)

    def signed(*shape: int) -> Tensor:
        return (2 * draw(*shape) - 1) * strength

    turn, scale, across, down = signed() * TURN, 1 + signed() * SCALE, signed(), signed()
    mirrored = draw() < 0.5
    faces = _cut(pictures, turn, scale, across * SHIFT_PX, down * SHIFT_PX, mirrored)

    deviation, soft = draw() * BLUR_PX, _some(draw(), 0.3 * strength)
    if len(soft):
        faces[soft.to(device)] = blurred(faces[soft.to(device)], deviation[soft].to(device))
    coarseness, coarse = 0.3 + 3 * draw(), _some(draw(), 0.4 * strength)
    if len(coarse):
        faces[coarse.to(device)] = recompressed(
            faces[coarse.to(device)], coarseness[coarse].to(device)
        )

    gain = (1 + 0.3 * signed(1, 1, 1) + 0.08 * signed(3, 1, 1)).to(device)
    shift = (25 * signed(1, 1, 1)).to(device)
    contrast = (1 + 0.3 * signed(1, 1, 1)).to(device)
    saturation = (1 + 0.5 * signed(1, 1, 1)).to(device)
    is_grey = (draw(1, 1, 1) < 0.1 * strength).to(device)
    saturation = torch.where(is_grey, 0, saturation)
    grey = (faces * GREY.to(device)[:, None, None]).sum(1, keepdim=True)
    faces = grey + saturation * (faces - grey)
    mean = faces.mean((1, 2, 3), keepdim=True)
    faces = ((faces - mean) * contrast + mean) * gain + shift

    is_covered = draw() < 0.3 * strength
    colour = (255 * draw(3, 1, 1)).to(device)
    cover = _rectangles(draw(4), is_covered).to(device)
    faces = torch.where(cover[:, None], colour, faces)
    return faces.clamp(0, 255) / 127.5 - 1


def _cut(
    pictures: Tensor, turn: Tensor, scale: Tensor, across: Tensor, down: Tensor, mirrored: Tensor
) -> Tensor:
    """Return 112 px out of the 137, turned about the middle; (n, 3, 112, 112), 0 to 255."""
    ratio = ALIGNED_SIZE / SIDE
    cosine, sine = ratio * scale * torch.cos(turn), ratio * scale * torch.sin(turn)
    sign = torch.where(mirrored, -1.0, 1.0)
    half = SIDE / 2
    rows = [
        torch.stack([cosine * sign, -sine, across / half], 1),
        torch.stack([sine * sign, cosine, down / half], 1),
    ]
    matrix = torch.stack(rows, 1).to(pictures.device)
    shape = (len(pictures), 3, ALIGNED_SIZE, ALIGNED_SIZE)
    grid = functional.affine_grid(matrix, list(shape), align_corners=False)
    values = pictures.permute(0, 3, 1, 2).float()
    return functional.grid_sample(values, grid, padding_mode="border", align_corners=False)


def _some(draws: Tensor, share: float) -> Tensor:
    return torch.nonzero(draws < share)[:, 0]


def blurred(faces: Tensor, deviation: Tensor) -> Tensor:
    """Blur each face by a Gaussian of its own standard deviation (px, shape (n,))."""
    reach = math.ceil(2 * BLUR_PX)
    places = torch.arange(-reach, reach + 1, device=faces.device)
    kernels = torch.exp(-0.5 * (places / deviation.clamp(min=1e-3)[:, None]) ** 2)
    kernels = (kernels / kernels.sum(1, keepdim=True)).repeat_interleave(3, 0)
    flat = faces.reshape(1, -1, *faces.shape[2:])
    for shape, padding in (
        ((1, -1), (reach, reach, 0, 0)),
        ((-1, 1), (0, 0, reach, reach)),
    ):
        kernel = kernels.reshape(len(kernels), 1, *shape)
        padded = functional.pad(flat, padding, mode="replicate")
        flat = functional.conv2d(padded, kernel, groups=len(kernels))
    return flat.reshape(faces.shape)


def recompressed(faces: Tensor, coarseness: Tensor) -> Tensor:
    """Round each face's 8 x 8 cosine transforms, as JPEG does to every channel.

    Args:
        faces: Shape (n, 3, 112, 112), values 0 to 255.
        coarseness: What the table of quantisation is multiplied by, shape (n,).
    """
    count, channels, height, width = faces.shape
    blocks = faces.reshape(count, channels, height // BLOCK, BLOCK, width // BLOCK, BLOCK)
    blocks = blocks.transpose(3, 4) - 128
    basis = _cosines().to(faces.device)
    table = _LUMINANCE.to(faces.device) * coarseness[:, None, None, None, None, None]
    rounded = torch.round(basis @ blocks @ basis.T / table) * table
    back = (basis.T @ rounded @ basis + 128).transpose(3, 4)
    return back.reshape(faces.shape)


def _cosines() -> Tensor:
    """Return the orthogonal matrix of the cosine transform, shape (8, 8)."""
    places = torch.arange(BLOCK)
    basis = torch.cos(math.pi / BLOCK * (places + 0.5) * places[:, None]) / 2
    basis[0] /= math.sqrt(2)
    return basis


def _rectangles(draws: Tensor, is_covered: Tensor) -> Tensor:
    """Return where faces are covered: up to half of each side; shape (n, 112, 112)."""
    size = (0.15 + 0.35 * draws[:, :2]) * ALIGNED_SIZE
    start = draws[:, 2:] * (ALIGNED_SIZE - size)
    places = torch.arange(ALIGNED_SIZE)
    inside = (places >= start[..., None]) & (places < (start + size)[..., None])
    return inside[:, 0, :, None] & inside[:, 1, None, :] & is_covered[:, None, None]
