"""Money: accounts and their rules, the ledger, sessions and the dispenser."""
