"""The gallery: sealed templates and stored faces, and the 1:N search for duplicates."""

from face_auth.gallery.gallery import Capture, Gallery, Template

__all__ = ["Capture", "Gallery", "Template"]
