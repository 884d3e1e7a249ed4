"""The ATM without its window: logins, customers, accounts, staff, keys and the audit log."""
