"""What Prometheus is told of one service process, in a registry of its own."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_DROPS = (1, 2, 5, 10, 20, 50, 100, 200)


class Metrics:
    """Counters and histograms; their help texts say what they mean."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "intake_requests", "Requests by source and outcome.", ["source", "outcome"], registry=self._registry
        )
        self.landing_seconds = Histogram(
            "intake_landing_seconds",
            "From taking a batch of drops until it was committed.",
            buckets=_SECONDS,
            registry=self._registry,
        )
        self.batch_drops = Histogram(
            "intake_batch_drops", "Drops that share a commit.", buckets=_DROPS, registry=self._registry
        )
        self.waiting = Gauge("intake_waiting_drops", "Drops that wait for a commit.", registry=self._registry)
        self._children: dict[tuple[str, str], Counter] = {}

    def count(self, source: str, outcome: str, requests: int = 1) -> None:
        """Count requests."""
        child = self._children.get((source, outcome))
        if child is None:
            child = self._children[source, outcome] = self._requests.labels(source, outcome)
        child.inc(requests)

    def text(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self._registry)
