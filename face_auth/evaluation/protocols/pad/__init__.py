"""Presentation attack detection, measured: real clips, then simulated customers and attacks."""
