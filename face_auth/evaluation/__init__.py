"""Evaluation of recognition: protocols produce genuine and impostor scores and a report.

``evaluation.py`` in the project's root is the command line.
"""
