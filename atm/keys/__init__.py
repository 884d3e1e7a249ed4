"""The keys of a data folder: the root key and its file, the backup and the rotation."""
