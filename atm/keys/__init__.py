"""Keys of a data folder: root key file, derived keys, encrypted backup and rotation."""
