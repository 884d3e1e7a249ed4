"""Prometheus metrics of one process, for a bank's monitoring: counts and times, never a person.

No label has a value that a customer, a name, a card or an amount could choose. What the labels can
say is fixed here: outcomes, ways, and the names of routes.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, Self

from atm.errors import AtmError
from atm.login.decision import FACE, Decision, Outcome
from atm.setting_values import EXPOSED
from credentials.credential_record import ATTENDED
from face_auth.command_line import version

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

WAYS: Final = (FACE, ATTENDED)
SECONDS: Final = (0.1, 0.25, 0.5, 1, 2, 4, 6, 8, 10, 15, 20, 30, 40)
"""Upper bounds of the times' buckets; a login with a challenge may take 34 s."""
READ_AGAIN_S: Final = 5.0
"""Gauges are read anew after so long: whoever asks more often keeps no store busy."""

Gauges = Mapping[str, tuple[str, float]]
"""Help and value by the gauge's name; what cannot be read is left out."""


class MetricsError(AtmError):
    """The metrics cannot be served."""


class Metrics:
    """Metrics of one process, served over HTTP from their making until `close`."""

    def __init__(
        self,
        address: str,
        gauges: Callable[[], Gauges],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare the metrics; `serve` opens the port.

        Args:
            address: As the setting `metrics` has it.
            gauges: Reads what has a value now; called on a thread of the server.
            clock: In seconds.

        Raises:
            MetricsError: If prometheus-client is not installed.
        """
        try:
            import prometheus_client as client
        except ImportError as error:
            raise MetricsError(
                "The setting metrics needs prometheus-client: run “make hardware”, or remove it."
            ) from error
        client.disable_created_metrics()  # type: ignore[no-untyped-call]  # they would tell when each outcome came first
        self.registry = client.CollectorRegistry()
        self._client = client
        self._address = address
        self._gauges, self._clock = gauges, clock
        self._read: tuple[float, Gauges] | None = None
        self._lock = threading.Lock()
        self._server: tuple[object, ...] = ()
        self._logins = client.Counter(
            "atm_logins", "Logins that ended, by outcome and way.", ["outcome", "way"],
            registry=self.registry,
        )  # fmt: skip
        for outcome in Outcome:
            for way in WAYS:
                self._logins.labels(outcome.value, way)
        self._attacks = client.Counter(
            "atm_attacks_refused",
            "Logins whose face failed the liveness check: an attack, or movements not followed.",
            registry=self.registry,
        )  # fmt: skip
        self._login_s = client.Histogram(
            "atm_login_seconds", "Seconds from the press of Login to the answer, by outcome.",
            ["outcome"], buckets=SECONDS, registry=self.registry,
        )  # fmt: skip
        client.Gauge(
            "atm_build_info", "1, with the program's version.", ["version"], registry=self.registry
        ).labels(version()).set(1)
        client.ProcessCollector(registry=self.registry)
        self.registry.register(self)

    def login(self, decision: Decision, seconds: float | None, way: str) -> None:
        """Count a login that took *seconds*, where they are known here."""
        self._logins.labels(decision.outcome.value, way).inc()
        if seconds is not None:
            self._login_s.labels(decision.outcome.value).observe(seconds)
        if decision.attack_suspected:
            self._attacks.inc()

    def serve(self) -> Self:
        """Open the port; returns this object.

        Raises:
            MetricsError: If that is not possible; the sentence names the address.
        """
        host, _, port = self._address.removeprefix(EXPOSED).rpartition(":")
        try:
            self._server = self._client.start_http_server(
                int(port), host.strip("[]"), self.registry
            )
        except OSError as error:
            raise MetricsError(
                f"The metrics are not served at {self._address}: {error.strerror}."
            ) from error
        return self

    def close(self) -> None:
        """Close the port; closing twice is no error."""
        server, self._server = self._server, ()
        if server:
            server[0].shutdown()  # type: ignore[attr-defined]
            server[0].server_close()  # type: ignore[attr-defined]

    def collect(self) -> "Iterator[Metric]":
        """Yield the gauges, for the registry."""
        from prometheus_client.core import GaugeMetricFamily

        with self._lock:
            now = self._clock()
            if self._read is None or now - self._read[0] >= READ_AGAIN_S:
                self._read = now, self._gauges()
            found = self._read[1]
        for name, (about, value) in found.items():
            yield GaugeMetricFamily(name, about, value)

    def describe(self) -> "Iterator[Metric]":
        """Yield nothing: no gauge is read before somebody asks."""
        return iter(())
