"""Cards: a FIDO2 credential on a smart card, an NFC key or a USB key, as a third factor."""
