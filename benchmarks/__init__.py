"""Benchmarks of speed and memory, against the obvious stack and the limits of the machine.

``python -m benchmarks --help`` lists the parts; docs/speed.md says how each is measured.
"""
