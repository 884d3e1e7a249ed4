"""The service of a bank with many kiosks: HTTP routes over a shared store. No kiosk imports it."""
