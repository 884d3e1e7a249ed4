"""Commands of `python -m atm`, one module for each group."""
