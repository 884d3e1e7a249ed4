"""The protocol side of the simulator: a service publisher, a dispenser, and a card reader."""

import json
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Final, Self

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from tools.xfs4iot_simulator.device import Device, worth

ROOT: Final = "/xfs4iot/v1.0"
_READER, _DISPENSER = f"{ROOT}/CardReader", f"{ROOT}/CashDispenser"
_INTERFACES = {
    _READER: ("Common", "CardReader"),
    _DISPENSER: ("Common", "CashDispenser", "CashManagement", "Storage"),
}

Said = tuple[str, str, dict[str, Any]]
"""Type, name and payload of a message."""
Seen = Callable[[int, str, str], None]
"""Called with the number of a message (from 1), "in" or "out", and its text."""


def _ignore(number: int, way: str, text: str) -> None:
    """See a message without doing anything."""


class Simulator:
    """A server with one simulated device; a context manager that listens on 127.0.0.1.

    Attributes:
        device: The machinery.
        messages: How many messages passed.
        at_work: Held while a command is done, to its end, whoever still listens.
    """

    def __init__(
        self,
        device: Device,
        *,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        end: str = "",
        at: int = 0,
        seen: Seen = _ignore,
    ) -> None:
        """Listen, and answer from `__enter__` on.

        Args:
            device: The machinery.
            port: The port; 0: any that is free.
            tls: The server's certificate; None: without TLS.
            end: What happens at message *at*, before it is acted on or sent: "cut" (the
                connection ends, the device goes on), "hang" (all waits until `release`), or
                "kill" (this process ends).
            at: Number of that message, from 1; 0 for none.
            seen: Told of each message before that.
        """
        self.device = device
        self.messages = 0
        self._end, self._at, self._seen = end, at, seen
        self._released = threading.Event()
        self.at_work = threading.Lock()
        self._server = serve(self._serve, "127.0.0.1", port, ssl=tls, compression=None)
        scheme = "ws" if tls is None else "wss"
        self._base = f"{scheme}://127.0.0.1:{self._server.socket.getsockname()[1]}"
        self.address = f"{self._base}{ROOT}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        """Begin to answer."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let what hangs go on to its end, and stop."""
        self.release()
        self._server.shutdown()  # which waits for the command in progress
        self._thread.join()

    def release(self) -> None:
        """End a hang: the device goes on, for a client that may have given up."""
        self._released.set()

    def _passes(self, connection: ServerConnection, way: str, text: str) -> bool:
        """Count a message; return whether it is still to be handled."""
        self.messages += 1
        self._seen(self.messages, way, text)
        if self.messages == self._at:
            if self._end == "kill":
                os._exit(9)
            if self._end == "hang":
                self._released.wait()
            if self._end == "cut":
                connection.socket.shutdown(socket.SHUT_RDWR)
                return False
        return True

    def _serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        path = connection.request.path
        try:
            for text in connection:
                with self.at_work:
                    if self._passes(connection, "in", str(text)):
                        self._answer(connection, path, json.loads(text))
        except (ConnectionClosed, OSError):
            return

    def _answer(self, connection: ServerConnection, path: str, message: dict[str, Any]) -> None:
        header, payload = message["header"], message.get("payload", {})
        name, request = header["name"], header["requestId"]
        self._send(connection, request, ("acknowledge", name, {"status": "ok"}))
        for said in self._done(path, name, payload):
            self._send(connection, request, said)

    def _send(self, connection: ServerConnection, request: int, said: Said) -> None:
        """Send a message; the device goes on if nobody is there to hear it."""
        kind, name, payload = said
        number = 0 if kind == "unsolicited" else request
        header = {"type": kind, "name": name, "version": "1.0", "requestId": number}
        text = json.dumps({"header": header, "payload": payload})
        try:
            if self._passes(connection, "out", text):
                connection.send(text)
        except (ConnectionClosed, OSError):
            return

    def _done(self, path: str, name: str, asked: dict[str, Any]) -> Iterator[Said]:
        """Do a command and yield what is to be said of it."""
        if path == ROOT and name == "ServicePublisher.GetServices":
            services = [{"serviceURI": f"{self._base}{each}"} for each in _INTERFACES]
            yield "event", "ServicePublisher.ServiceDetailEvent", {"services": services[:1]}
            yield _completion(name, vendorName="Simulator", services=services)
        elif path in _INTERFACES and name == "Common.Capabilities":
            interfaces = [{"name": each} for each in _INTERFACES[path]]
            yield _completion(name, interfaces=interfaces, common={})
        elif path == _DISPENSER and name in _COMMANDS:
            yield from _COMMANDS[name](self.device, name, asked)
        else:
            yield _completion(name, "unsupportedCommand")


def _completion(name: str, code: str = "success", error: str = "", **told: Any) -> Said:
    """Return a completion; *error* is the command's own error code."""
    if error:
        told["errorCode"], code = error, "commandErrorCode"
    return "completion", name, {"completionCode": code, **told}


def _changed(state: str) -> Said:
    """Return the event that reports the device's new state."""
    return "unsolicited", "Common.StatusChangedEvent", {"device": state}


def _transaction(device: Device, name: str, asked: dict[str, Any]) -> Iterator[Said]:
    device.reference = asked["transactionID"]
    yield _completion(name)


def _status(device: Device, name: str, asked: dict[str, Any]) -> Iterator[Said]:
    state = "hardwareError" if device.jammed else "online"
    state = "offline" if device.fault == "offline" else state
    stacker = "unknown" if device.jammed else "notEmpty" if device.stacker else "empty"
    slot = {
        "position": "outDefault",
        "positionStatus": "notEmpty" if device.slot else "empty",
        "transportStatus": "notEmpty" if device.fault == "transport" else "empty",
    }
    parts = {"intermediateStacker": stacker, "positions": [slot]}
    yield _completion(name, common={"device": state}, cashDispenser=parts)


def _storage(device: Device, name: str, asked: dict[str, Any]) -> Iterator[Said]:
    units = {
        unit: {
            "status": "ok",
            "cash": {
                "configuration": {
                    "types": {"cashOut": True}, "currency": device.currency, "value": value
                },
                "status": {"replenishmentStatus": "ok" if device.count(unit) else "empty"},
            },
        }
        for unit, (value, _count) in device.cassettes.items()
    }  # fmt: skip
    bins = {"types": {"reject": True, "cashOutRetract": True}}
    units["unitBIN"] = {"status": "ok", "cash": {"configuration": bins}}
    yield _completion(name, storage=units)


def _mixes(device: Device, name: str, asked: dict[str, Any]) -> Iterator[Said]:
    yield _completion(
        name,
        mixes={
            "mix0": {"type": "individual"},
            "mix1": {"type": "algorithm", "algorithm": "minimumBills", "name": "fewest notes"},
        },
    )


def _denominate(device: Device, name: str, asked: dict[str, Any]) -> Iterator[Said]:
    amount = asked["denomination"]["currencies"].get(device.currency, 0)
    units = device.mix(int(amount))
    if not amount or units is None:
        yield _completion(name, error="notDispensable" if amount else "invalidCurrency")
    else:
        yield _completion(name, currencies={device.currency: amount}, values=units)


def _dispense(device: Device, name: str, asked: dict[str, Any]) -> Iterator[Said]:
    units = asked["denomination"]["denomination"]["values"]
    if device.stacker or any(device.count(unit) < pieces for unit, pieces in units.items()):
        yield _completion(name, error="itemsLeft" if device.stacker else "cashUnitError")
        return
    stacked = device.stack(units)
    amount = {device.currency: worth(device.stacker)}
    denomination = {"currencies": amount, "values": stacked} if stacked else {}
    yield "event", "CashDispenser.StartDispenseEvent", {}
    if device.jammed:
        yield _changed("hardwareError")
        yield _completion(name, "hardwareError")
    elif device.fault == "short":
        yield "event", "CashDispenser.IncompleteDispenseEvent", denomination
        yield _completion(name, error="cashUnitError", denomination=denomination)
    else:
        bunches = "2" if device.fault == "bunches" else "1"
        yield _completion(name, denomination=denomination, bunches=bunches)


def _present(device: Device, name: str, asked: dict[str, Any]) -> Iterator[Said]:
    place = {"position": "outDefault", "additionalBunches": "0"}
    if not device.stacker:
        yield _completion(name, error="noItems")
    elif device.present():
        yield "unsolicited", "CashManagement.ItemsPresentedEvent", {"position": place}
        yield _completion(name, **place)
        if device.fault == "fraud":
            yield _changed("potentialFraud")
        if device.customer():
            yield "unsolicited", "CashManagement.ItemsTakenEvent", {"position": place}
    else:
        device.customer()
        if device.jammed:
            yield _changed("hardwareError")
        error = "presentErrorUnknown" if device.jammed else "presentErrorNoItems"
        yield _completion(name, error=error)


def _present_status(device: Device, name: str, asked: dict[str, Any]) -> Iterator[Said]:
    yield _completion(name, presentState=device.state)


def _reject(device: Device, name: str, asked: dict[str, Any]) -> Iterator[Said]:
    if not device.stacker:
        yield _completion(name, error="noItems")
    elif device.take_back(device.stacker, device.rejected):
        yield _completion(name)
    else:
        yield _completion(name, "hardwareError")


def _retract(device: Device, name: str, asked: dict[str, Any]) -> Iterator[Said]:
    notes = sum(device.slot.values())
    if not notes:
        yield _completion(name, error="noItems")
    elif device.take_back(device.slot, device.retracted):
        counted = {"retractOperations": 1, "retracted": {"unrecognized": notes}}
        yield _completion(name, storage={"unitBIN": counted})
    else:
        yield "event", "CashManagement.IncompleteRetractEvent", {"reason": "retractFailure"}
        yield _completion(name, error="incompleteRetract")


_COMMANDS: dict[str, Callable[[Device, str, dict[str, Any]], Iterator[Said]]] = {
    "Common.SetTransactionState": _transaction,
    "Common.Status": _status,
    "Storage.GetStorage": _storage,
    "CashDispenser.GetMixTypes": _mixes,
    "CashDispenser.Denominate": _denominate,
    "CashDispenser.Dispense": _dispense,
    "CashDispenser.Present": _present,
    "CashDispenser.GetPresentStatus": _present_status,
    "CashDispenser.Reject": _reject,
    "CashManagement.Retract": _retract,
}
