"""Presentation attack detection: requests that only a head can follow, and what frames give away.

`check.LivenessCheck` is what a login or an enrolment uses.
"""
