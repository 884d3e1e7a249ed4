"""The simulator as a program: `python -m tools.xfs4iot_simulator --help`."""

import argparse
import ssl
import threading
from pathlib import Path

from tools.xfs4iot_simulator.device import FAULTS, Device
from tools.xfs4iot_simulator.service import Simulator


def main() -> None:
    """Serve until killed; print the address first."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.xfs4iot_simulator",
        description="Simulate a note dispenser by XFS4IoT on this machine. No notes come out.",
        epilog="Faults: " + "; ".join(f"{name}: {what}" for name, what in FAULTS.items()) + ".",
    )
    parser.add_argument("--port", type=int, default=5846, help="0: any that is free")
    parser.add_argument("--cassette", action="append", metavar="VALUExCOUNT", help="such as 20x100")
    parser.add_argument("--currency", default="EUR")
    parser.add_argument("--fault", default="", choices=["", *FAULTS], metavar="FAULT")
    parser.add_argument("--end", default="", choices=["", "cut", "hang", "kill"])
    parser.add_argument("--at", type=int, default=0, metavar="N", help="message at which it ends")
    parser.add_argument("--journal", type=Path, help="where it writes what a customer took")
    parser.add_argument("--messages", type=Path, help="where it writes every message, a line each")
    parser.add_argument("--certificate", type=Path, help="PEM with the private key; then by TLS")
    options = parser.parse_args()
    cassettes = {}
    for number, text in enumerate(options.cassette or ["10x100", "20x100", "50x100"], 1):
        value, _, count = text.partition("x")
        cassettes[f"unit{number}"] = int(value), int(count)
    tls = None
    if options.certificate is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(options.certificate)

    def seen(number: int, way: str, text: str) -> None:
        if options.messages is not None:
            with options.messages.open("a", encoding="utf-8") as written:
                written.write(f"{way} {text}\n")

    device = Device(cassettes, options.currency, options.fault, options.journal)
    simulator = Simulator(
        device, port=options.port, tls=tls, end=options.end, at=options.at, seen=seen
    )
    with simulator:
        print(simulator.address, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
