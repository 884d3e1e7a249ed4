"""A note dispenser over XFS4IoT; experimental, and never tried on a device."""
