"""Maintenance of a data folder: health, export, restore and import of plain records."""
