"""The pages of the kiosk, one module for each page or group of pages."""
