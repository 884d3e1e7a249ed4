"""The window: everything that customers and staff see and touch. Only this package uses tkinter."""
