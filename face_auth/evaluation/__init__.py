"""Measuring recognition: protocols -> genuine and impostor scores -> report.

``evaluation.py`` beside the packages is its command line.
"""
