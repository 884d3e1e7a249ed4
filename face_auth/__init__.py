"""The face factor: camera frames in, a score for the claimed customer out.

Knows nothing of PINs, accounts or windows.
"""
