"""How fast the program is, against the obvious stack and against what the machine could do.

``python -m benchmarks --help`` lists the parts; docs/speed.md says how each is measured.
"""
