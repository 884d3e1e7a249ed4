"""The base of what the machine may refuse or fail to do."""


class AtmError(Exception):
    """Base of all errors of this package; the text of each is one plain sentence."""


class ServiceUnavailable(AtmError):
    """The shared store does not answer, or not this machine: nothing is decided meanwhile."""

    def __init__(self) -> None:
        """Say the one sentence there is; the cause has the details."""
        super().__init__("Service not available. Ask staff.")
