"""The face network of the bank's service, which every kiosk of the service runs."""

from atm.errors import AtmError
from atm.fleet.kiosk.client import ServiceClient
from face_auth.errors import ModelError
from face_auth.models import NETWORKS, load_card


def network_of_service(client: ServiceClient, asked: str, currency: str) -> str:
    """Return the name of the network that the service's customers are enrolled with.

    The kiosk must keep the service's currency too.

    Args:
        client: Of the service.
        asked: The network that it must be; "" for any.
        currency: That of this kiosk.

    Raises:
        AtmError: If it is another one than *asked*, no model card here describes it, or the service
            keeps its accounts in another currency.
        ServiceUnavailable: If the service does not answer.
    """
    service = client.call("health", idempotent=True)
    if service["currency"] != currency:
        raise AtmError(
            f"The bank's service keeps its accounts in {service['currency']}, and this kiosk is set"
            f" to {currency}: change the setting currency, and run “python -m atm approve”."
        )
    sha256 = service["network_sha256"]
    for name in NETWORKS:
        try:
            found = load_card(name).sha256 == sha256
        except ModelError:
            continue
        if found and asked not in ("", name):
            raise AtmError(
                f"The bank's service runs the face network “{name}”, this kiosk “{asked}”: remove"
                " the setting network, if there is one, and run “python -m atm approve”."
            )
        if found:
            return name
    raise AtmError(
        "The bank's service runs a face network that this kiosk's model cards do not describe;"
        " install the service's version of the program here."
    )
