"""Members of staff, signed in by the service; same methods as `StaffRegistry`."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress

from atm.errors import AtmError
from atm.fleet.kiosk.client import ServiceClient
from atm.people import Signatures, StaffError, StaffMember
from credentials.attempt_rules import Place


def tokens_of(signed: StaffMember | Signatures) -> list[str]:
    """Return the tokens of the one or two members of staff who signed."""
    members = [signed.first, signed.second] if isinstance(signed, Signatures) else [signed]
    return [member.token for member in members]


class RemoteStaff:
    """The bank's members of staff, kept by the service."""

    empty = False
    """Always false: the service is set up with its first member of staff."""

    def __init__(
        self,
        client: ServiceClient,
        counted: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """Sign in through *client*; see `StaffRegistry` for *counted*."""
        self._client = client
        self._counted = counted
        self._tokens: list[str] = []
        self._ending: threading.Thread | None = None

    def sign_in(self, name: str, pin: str, *, place: Place = Place.SCREEN) -> StaffMember:
        """Return the member of staff whose *name* and *pin* these are.

        Raises:
            StaffSignInError: If the name is unknown or has to wait, or the PIN is wrong.
            SignInPausedError: If the screen pauses after too many refusals.
            ServiceUnavailable: If the service does not answer.
        """
        with self._counted() if place is Place.SCREEN else nullcontext():
            found = self._client.call("staff/sign-in", name=name, pin=pin, place=place.value)
        member = StaffMember(str(found["name"]), str(found["token"]))
        self._tokens.append(member.token)
        return member

    def sign_out(self) -> None:
        """End every sign-in made here, at the service too; it returns at once.

        Where the service does not answer, they end by themselves after `STAFF_S` seconds.
        """
        tokens, self._tokens = self._tokens, []
        if tokens:
            self._ending = threading.Thread(
                target=self._end, args=(tokens,), name="sign-out", daemon=True
            )
            self._ending.start()

    def close(self) -> None:
        """Sign everybody out before the client is closed; blocks until the service knows."""
        self.sign_out()
        if self._ending is not None:
            self._ending.join()

    def change_pin(self, name: str, old: str, new: str, *, place: Place = Place.SCREEN) -> None:
        """Change the PIN of *name* to *new*; *old* is checked as at a sign-in.

        Raises:
            PolicyError: If *new* is not allowed.
            StaffSignInError: If *name* and *old* do not sign in.
        """
        with self._counted() if place is Place.SCREEN else nullcontext():
            self._client.call("staff/change-pin", name=name, old=old, new=new, place=place.value)

    def check_first(self, name: str, pin: str) -> str:
        """Refuse: the first member of staff is made at the service.

        Raises:
            StaffError: Always.
        """
        raise StaffError("The first member of staff is made at the service.")

    def add_first(self, name: str, pin: str) -> StaffMember:
        """Refuse, as `check_first`.

        Raises:
            StaffError: Always.
        """
        raise StaffError("The first member of staff is made at the service.")

    def _end(self, tokens: list[str]) -> None:
        for begin in range(0, len(tokens), 2):
            with suppress(AtmError):
                self._client.call(
                    "staff/sign-out", idempotent=True, staff=tokens[begin : begin + 2]
                )
