"""Benchmark of the bank's service with many customers, and a whole bank to try on one machine."""
