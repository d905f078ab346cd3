"""The metrics of `serve`: one table of names, and who counts what.

No label holds a text of a question or a document, a person or a channel.
"""

from collections.abc import Mapping
from datetime import datetime

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from bot.core.model import Outcome

_LAG = (0.01, 0.05, 0.1, 0.5, 1.0, 3.0, 10.0)
_ANSWER = (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300)


class Metrics:
    """A registry of its own, so that two servers in one process do not mix."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self._registry = registry
        ProcessCollector(namespace="shirube", registry=registry)
        self._questions = Counter(
            "shirube_questions",
            "Questions that ended, by how.",
            ("platform", "outcome"),
            registry=registry,
        )
        self._open = Gauge(
            "shirube_questions_open",
            "Questions that were taken and have not ended.",
            ("platform",),
            registry=registry,
        )
        self._seconds = Histogram(
            "shirube_question_seconds",
            "From question to the end of its answer.",
            ("platform",),
            buckets=_ANSWER,
            registry=registry,
        )
        self._lag = Histogram(
            "shirube_loop_lag_seconds",
            "How late the event loop is.",
            buckets=_LAG,
            registry=registry,
        )
        self._leading = _gauge(
            registry, "leading", "1 in the process that answers people, 0 on standby."
        )
        self._ready = _gauge(
            registry, "ready", "1 when people who ask now are answered."
        )
        self._part = _gauge(
            registry, "part_ready", "1 while this part does its work.", "part"
        )
        self._host = _gauge(
            registry,
            "model_host_state",
            "1 for the state that a model host is in.",
            *("role", "host", "state"),
        )
        self._generation = _gauge(
            registry,
            "generation_created_timestamp_seconds",
            "When the build of the index that answers was begun.",
            "generation",
        )
        self._synced = _gauge(
            registry,
            "sync_last_success_timestamp_seconds",
            "When a source was last read whole.",
            "source",
        )
        self._documents = _gauge(
            registry, "documents", "Documents of a source that are live.", "source"
        )

    def question_opened(self, platform: str, /) -> None:
        """Count a question that was taken."""
        self._open.labels(platform).inc()

    def question_finished(
        self, platform: str, outcome: Outcome, /, *, seconds: float
    ) -> None:
        """Count how a question that was taken ended, and how long it took."""
        self._open.labels(platform).dec()
        self._questions.labels(platform, outcome).inc()
        self._seconds.labels(platform).observe(seconds)

    def loop_lag(self, seconds: float, /) -> None:
        """Count by how much the event loop was late."""
        self._lag.observe(seconds)

    def standing(self, *, leading: bool, parts: Mapping[str, bool]) -> None:
        """Show how this process stands, and which of its parts work."""
        self._leading.set(leading)
        self._ready.set(all(parts.values()))
        self._part.clear()
        for part, works in parts.items():
            self._part.labels(part).set(works)

    def host(self, role: str, name: str, state: str, /) -> None:
        """Show the state that a model host is in."""
        self._host.labels(role, name, state).set(1)

    def forget_hosts(self) -> None:
        """Show no host any more, before all are shown anew."""
        self._host.clear()

    def generation(self, name: str, begun: datetime, /) -> None:
        """Show which build answers, and when it was begun."""
        self._generation.clear()
        self._generation.labels(name).set(begun.timestamp())

    def source(self, name: str, /, *, documents: int, synced: datetime | None) -> None:
        """Show how fresh a source is."""
        self._documents.labels(name).set(documents)
        if synced is not None:
            self._synced.labels(name).set(synced.timestamp())

    def exposition(self) -> bytes:
        """Return everything in the text format of Prometheus."""
        return generate_latest(self._registry)


def _gauge(
    registry: CollectorRegistry, name: str, documentation: str, *labels: str
) -> Gauge:
    return Gauge(f"shirube_{name}", documentation, labels, registry=registry)
