"""Registration of a kiosk's camera by staff, and access to the registered camera only."""
