"""The service of a bank with many kiosks; a kiosk never imports it."""
