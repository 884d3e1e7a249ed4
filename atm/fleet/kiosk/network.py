"""The face network of the bank's service, which every kiosk of the service runs."""

from atm.errors import AtmError
from atm.fleet.kiosk.client import ServiceClient
from face_auth.errors import ModelError
from face_auth.models import NETWORKS, load_card


def network_of_service(client: ServiceClient, asked: str) -> str:
    """Return the name of the network that the service's customers are enrolled with.

    Args:
        client: Of the service.
        asked: The network that it must be; "" for any.

    Raises:
        AtmError: If it is another one than *asked*, or no model card here describes it.
        ServiceUnavailable: If the service does not answer.
    """
    sha256 = client.call("health", idempotent=True)["network_sha256"]
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
