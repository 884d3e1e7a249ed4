"""Frames of real faces, as a USB webcam shows them, are recorded for the host."""

import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from face_auth.camera.opencv import decode_picture
from tests.webcam.in_machine.conftest import ready, until
from tests.webcam.usb_camera import Mode

PICTURES = 6


def before_the_lens(photograph: Path) -> Callable[[int], np.ndarray]:
    """A person in front of a grey wall, with a sensor's noise."""
    face = decode_picture(photograph.read_bytes())
    assert face is not None
    wall = np.full((480, 640, 3), 96, np.uint8)
    wall[:, 80:560] = cv2.resize(face, (480, 480))
    rng = np.random.default_rng(20261129)
    noise = [rng.integers(0, 3, wall.shape, np.uint8) for _ in range(3)]
    return lambda number: cv2.add(wall, noise[number % len(noise)])


@pytest.mark.faces
def test_faces_are_recorded(plug_in, start, unseen_people) -> None:
    webcam, device = plug_in([Mode("MJPG", 640, 480, (15.0,))])
    camera = start(device)
    ready(camera)
    for person, (_, photographs) in enumerate(unseen_people[:2]):
        for number, photograph in enumerate(photographs[:PICTURES]):
            webcam.scene = before_the_lens(photograph)
            latest = webcam.sent + 5  # the ones before are still on their way
            until(lambda latest=latest: webcam.sent > latest)
            image = ready(camera).image
            assert image.shape == (480, 640, 3)
            folder = Path(os.environ["WEBCAM_FRAMES"]) / str(person)
            folder.mkdir(exist_ok=True)
            assert cv2.imwrite(str(folder / f"{number}.png"), image[..., ::-1])
