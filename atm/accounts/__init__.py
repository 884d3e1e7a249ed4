"""Accounts: rules for holds and withdrawals, the ledger, customer sessions and the dispenser."""
