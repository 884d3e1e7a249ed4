"""The face factor: it turns camera frames into a score for the claimed customer.

This package knows nothing of PINs, accounts or windows.
"""

import os

MAX_PICTURE_PIXELS = 64 << 20
"""A picture that claims more is not decoded: 8K has 33 million. OpenCV reads its own limit (a
thousand million, so 3 GB) once, when cv2 is first imported by whomever; hence here."""

os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(MAX_PICTURE_PIXELS))
