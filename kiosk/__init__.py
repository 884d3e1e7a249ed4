"""The window: what customers and staff see and touch. The only package that imports tkinter."""
