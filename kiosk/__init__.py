"""The window: everything that customers and staff see and touch, and the program's only tkinter."""
