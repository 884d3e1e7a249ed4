"""Photographs in folders: what networks are trained, measured and compared on.

``python -m face_auth.datasets lfw`` or ``... folder SOURCE`` fills aligned_image_data/ and
test_images/.
"""
