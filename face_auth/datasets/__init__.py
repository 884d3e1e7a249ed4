"""Folders of photographs on which networks are trained, measured and compared.

``python -m face_auth.datasets lfw`` or ``... folder SOURCE`` fills aligned_image_data/ and
test_images/.
"""
