"""`python -m atm`, a module for each group of commands."""
