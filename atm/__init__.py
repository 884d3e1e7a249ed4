"""What the machine does, with no window: customers, money, staff, keys and the log."""
