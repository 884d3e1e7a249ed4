"""The window's own widgets and the theme that they share."""
