"""Cameras: one interface for webcams, streams, files and the drawn face."""

from face_auth.camera.camera import Camera

__all__ = ["Camera"]
