"""The open account of a customer whom the service admitted."""

from atm.remote.client import ServiceClient
from atm.session import Session, SessionClosedError
from face_auth.gallery import Template


class RemoteSession(Session):
    """A session that holds what proves it, and the template it was granted by, until `close`."""

    def prove(self, client: ServiceClient, token: str, template: Template) -> "RemoteSession":
        """Keep the service's *token* and the *template*; returns the session itself."""
        self._client = client
        self._token: str | None = token
        self._template: Template | None = template
        return self

    @property
    def template(self) -> Template:
        """What tells whether the customer is still there.

        Raises:
            SessionClosedError: After `close`.
        """
        if self._template is None:
            raise SessionClosedError("You are logged out. Please log in again.")
        return self._template

    def change_pin(self, pin: str) -> None:
        """Give the customer another PIN; only within a minute of their admission.

        Raises:
            PolicyError: If *pin* is not allowed.
            OverError: If the admission is too long ago.
            ServiceUnavailable: If it could not be saved.
        """
        self._client.call("sessions/pin", session=self._token, pin=pin)

    def close(self) -> None:
        """Log out, and forget both."""
        super().close()
        self._token = self._template = None
