"""The base of what the machine may refuse or fail to do."""


class AtmError(Exception):
    """Base of all errors of this package; the text of each is one plain sentence."""
