"""Base class of the package's errors."""


class AtmError(Exception):
    """Base of all errors of this package; each has one plain sentence as its text.

    Attributes:
        sentence: Text of a class whose errors all have the same one.
    """

    sentence = ""

    def __init__(self, sentence: str = "") -> None:
        """Use *sentence*, or the class's own."""
        super().__init__(sentence or self.sentence)


class ServiceUnavailable(AtmError):
    """The bank's service does not answer this machine; until it does no login is decided."""

    sentence = "Service not available. Ask staff."


class NotApprovedError(AtmError):
    """A model or a setting is not the approved one; the kiosk stays out of service."""
