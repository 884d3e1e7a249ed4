"""``python -m benchmarks.fleet``: how the bank's service does with more and more customers."""
