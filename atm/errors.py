"""The base of what the machine may refuse or fail to do."""


class AtmError(Exception):
    """Base of all errors of this package; the text of each is one plain sentence.

    Attributes:
        sentence: The text of a class of errors that always say the same.
    """

    sentence = ""

    def __init__(self, sentence: str = "") -> None:
        """Say *sentence*, or the one that the class has."""
        super().__init__(sentence or self.sentence)


class ServiceUnavailable(AtmError):
    """The shared store does not answer, or not this machine: nothing is decided meanwhile."""

    sentence = "Service not available. Ask staff."
