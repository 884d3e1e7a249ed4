"""Reader of FIDO2 cards: over PC/SC, or USB keys over HID. Only the setting `card` imports it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

from fido2.ctap import CtapDevice, CtapError
from fido2.ctap2.base import AssertionResponse, Ctap2

from atm.card.result import CardError, CardReason

LOOK_S: Final = 0.25
"""Pause between two looks for a card."""

_ES256: Final = -7
_MOST_CREDENTIALS: Final = 16
_NO_CREDENTIAL: Final = (CtapError.ERR.NO_CREDENTIALS, CtapError.ERR.INVALID_CREDENTIAL)
_ONLY_WITH_ITS_PIN: Final = (
    CtapError.ERR.PUAT_REQUIRED,
    CtapError.ERR.PIN_AUTH_INVALID,
    CtapError.ERR.PIN_NOT_SET,
    CtapError.ERR.UNSUPPORTED_OPTION,
    CtapError.ERR.INVALID_OPTION,
    CtapError.ERR.KEY_STORE_FULL,
)
"""Answers of a card that makes no discoverable credential, at least not without its own PIN."""

T = TypeVar("T")


class ReaderError(CardError):
    """There is neither a card reader nor a USB key, so that no card can be judged."""

    sentence = "The card reader does not answer. Check its cable, and that pcscd runs."


class NotSignedError(Exception):
    """The card gave no signature.

    Attributes:
        reason: Why.
    """

    def __init__(self, reason: CardReason) -> None:
        """Keep *reason*."""
        super().__init__(reason.value)
        self.reason = reason


class CardReader:
    """Reads the one card that is there; two cards at once are as good as none.

    All methods may be called from any thread.
    """

    def __init__(self, devices: Callable[[], Sequence[CtapDevice]] | None = None) -> None:
        """Use *devices*, which returns each card that is there, opened; by default `attached`."""
        self._devices = devices or attached
        self._lock = threading.Lock()
        self._held: CtapDevice | None = None

    def register(
        self, rp_id: str, user_id: bytes, client_hash: bytes, stop: threading.Event
    ) -> bytes:
        """Have the card make a credential; return its authenticator data.

        It is discoverable if the card makes such a one without a PIN of its own. It waits for a
        card until *stop* is set.

        Args:
            rp_id: The bank's.
            user_id: The customer's, 1 to 64 bytes.
            client_hash: SHA-256 of the client data, 32 bytes.
            stop: Ends it.

        Raises:
            NotSignedError: If the card made none.
            ReaderError: If there is no reader.
        """
        rp = {"id": rp_id, "name": "ATM"}
        user = {"id": user_id, "name": "customer", "displayName": "customer"}  # no real name
        wanted: list[Mapping[str, object]] = [{"type": "public-key", "alg": _ES256}]

        def make(card: Ctap2) -> bytes:
            for discoverable in (True, False):
                try:
                    options = {"rk": discoverable}
                    made = card.make_credential(
                        client_hash, rp, user, wanted, options=options, event=stop
                    )
                    return bytes(made.auth_data)
                except CtapError as error:
                    if not discoverable or error.code not in _ONLY_WITH_ITS_PIN:
                        raise
            raise AssertionError("not reached")

        return self._with_card(make, stop)

    def sign(
        self, rp_id: str, client_hash: bytes, credential_id: bytes, stop: threading.Event
    ) -> AssertionResponse:
        """Have the card sign, and hold it for `still_there`; it waits until *stop* is set.

        Raises:
            NotSignedError: If the card did not sign.
            ReaderError: If there is no reader.
        """
        allowed: list[Mapping[str, object]] = [{"type": "public-key", "id": credential_id}]
        return self._with_card(
            lambda card: card.get_assertion(rp_id, client_hash, allowed, event=stop), stop
        )

    def whose(self, rp_id: str) -> list[bytes]:
        """Return the user ids of the discoverable credentials of *rp_id* on the card.

        It is empty if there is no card, or if it tells nothing without its own PIN. The ids prove
        nothing: nobody touched the card, and nothing is verified.

        Raises:
            ReaderError: If there is no reader.
        """
        with self._lock, contextlib.suppress(NotSignedError, CtapError, OSError, ValueError):
            self._release()
            device = self._only()
            with contextlib.closing(device):
                card = Ctap2(device)
                found = [card.get_assertion(rp_id, bytes(32), options={"up": False})]
                for _ in range(1, min(found[0].number_of_credentials or 1, _MOST_CREDENTIALS)):
                    found.append(card.get_next_assertion())
                return [bytes(each.user["id"]) for each in found if each.user]
        return []

    @property
    def problem(self) -> str:
        """Sentence for staff about a reader that is not there; "" where all is well."""
        with self._lock:
            try:
                found = [] if self._held is not None else self._devices()
            except CardError as error:
                return str(error)
            for device in found:
                with contextlib.suppress(Exception):
                    device.close()
        return ""

    def still_there(self) -> bool:
        """Return whether the card that signed last was never taken away since; it blocks shortly.

        While the card is being used it counts as there.
        """
        if not self._lock.acquire(blocking=False):
            return True
        try:
            if self._held is None:
                return False
            Ctap2(self._held)  # asks the card what it is
            return True
        except Exception:  # each transport has its own errors
            self._release()
            return False
        finally:
            self._lock.release()

    def release(self) -> None:
        """Let the card go that signed last."""
        with self._lock:
            self._release()

    def _with_card(self, work: Callable[[Ctap2], T], stop: threading.Event) -> T:
        """Do *work* with the only card, once there is one; it is held if that succeeds."""
        while True:
            try:
                with self._lock:
                    self._release()
                    device = self._only()
                    try:
                        found = work(Ctap2(device))
                    except BaseException:
                        with contextlib.suppress(Exception):
                            device.close()
                        raise
                    self._held = device
                    return found
            except NotSignedError as error:
                reason = error.reason
            except CtapError as error:
                if error.code in _NO_CREDENTIAL:
                    raise NotSignedError(CardReason.OTHER) from error
                if not stop.is_set():  # else it was cancelled
                    raise NotSignedError(CardReason.REFUSED) from error
                reason = CardReason.NONE
            except CardError:
                raise
            except Exception:  # each transport has its own errors for a card that was taken away
                reason = CardReason.REMOVED
            if stop.wait(LOOK_S):
                raise NotSignedError(reason)

    def _only(self) -> CtapDevice:
        found = list(self._devices())
        if len(found) == 1:
            return found[0]
        for device in found:
            with contextlib.suppress(Exception):
                device.close()
        raise NotSignedError(CardReason.TWO if found else CardReason.NONE)

    def _release(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            with contextlib.suppress(Exception):
                held.close()


def attached() -> list[CtapDevice]:
    """Return the cards in all PC/SC readers, opened; where there is none, the USB keys.

    Many a USB key is a PC/SC reader too, and would count twice.

    Raises:
        ReaderError: If there is neither a reader nor a USB key.
    """
    from fido2.hid import CtapHidDevice
    from fido2.pcsc import CtapPcscDevice
    from smartcard.System import readers

    found: list[object] = []
    cards: list[CtapDevice] = []
    with contextlib.suppress(Exception):  # pcscd does not run, or lost its reader meanwhile
        found = readers()
        cards = list(CtapPcscDevice.list_devices())
    cards = cards or list(CtapHidDevice.list_devices())
    if not (cards or found):
        raise ReaderError
    return cards
