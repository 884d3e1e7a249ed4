"""Presentation attack detection: a challenge of head movements, and passive cues.

Login and enrolment use `check.LivenessCheck`.
"""
