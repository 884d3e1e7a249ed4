"""Looking after a data folder: health, export, restore and the import of plain records."""
