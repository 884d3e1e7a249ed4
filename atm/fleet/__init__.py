"""One bank with many kiosks: what a kiosk and the bank's service have in common."""
