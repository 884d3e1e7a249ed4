"""Benchmarks of speed and memory, against a baseline (mtcnn + keras-facenet) and the limits.

``python -m benchmarks --help`` lists the parts; docs/speed.md says how each is measured.
"""
