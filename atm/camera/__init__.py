"""The camera of a kiosk: registered by staff, and used only while it is that camera."""
