"""A kiosk of a bank runs the face network of the bank's service, and no other."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from atm.errors import AtmError
from atm.fleet.kiosk import network
from atm.fleet.kiosk.client import ServiceClient
from face_auth.errors import ModelError

CARDS = {"bundled": "aa" * 32, "vggface2": "bb" * 32}


def service(sha256: str) -> ServiceClient:
    """A service whose customers were enrolled with the network *sha256*."""
    health = {"kiosk": "hall-1", "network_sha256": sha256, "currency": "EUR"}
    return cast(ServiceClient, SimpleNamespace(call=lambda path, **more: health))


@pytest.fixture
def cards(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The SHA-256 of each network that this kiosk's model cards describe."""
    known = dict(CARDS)

    def load_card(name: str) -> Any:
        if name not in known:
            raise ModelError(f"no {name}")
        return SimpleNamespace(sha256=known[name])

    monkeypatch.setattr(network, "load_card", load_card)
    return known


@pytest.mark.parametrize("name", CARDS)
def test_kiosk_takes_the_network_of_the_service(cards: dict[str, str], name: str) -> None:
    assert network.network_of_service(service(CARDS[name]), "", "EUR") == name
    assert network.network_of_service(service(CARDS[name]), name, "EUR") == name


def test_another_network_of_the_kiosk_is_refused(cards: dict[str, str]) -> None:
    with pytest.raises(AtmError, match="runs the face network “vggface2”, this kiosk “bundled”"):
        network.network_of_service(service(CARDS["vggface2"]), "bundled", "EUR")


def test_network_that_no_card_here_describes_is_refused(cards: dict[str, str]) -> None:
    del cards["vggface2"]
    assert network.network_of_service(service(CARDS["bundled"]), "", "EUR") == "bundled"
    with pytest.raises(AtmError, match="do not describe"):
        network.network_of_service(service(CARDS["vggface2"]), "", "EUR")


def test_a_kiosk_of_another_currency_is_refused(cards: dict[str, str]) -> None:
    with pytest.raises(AtmError, match="accounts in EUR, and this kiosk is set to JPY"):
        network.network_of_service(service(CARDS["bundled"]), "", "JPY")
