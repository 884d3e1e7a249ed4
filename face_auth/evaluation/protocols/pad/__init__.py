"""Evaluation of presentation attack detection on real clips and simulated visits."""
