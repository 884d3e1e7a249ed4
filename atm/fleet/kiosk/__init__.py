"""Client of the bank's service: the bank as a kiosk sees it when customers are kept elsewhere."""
