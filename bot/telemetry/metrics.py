"""The metrics of `serve`: one table of names, and who counts what.

No label holds a text of a question or a document, a person or a channel.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from bot.core.inbox import Kind
from bot.core.model import Outcome

QUESTIONS: Final = "shirube_questions"
QUESTIONS_OPEN: Final = "shirube_questions_open"
DUPLICATES: Final = "shirube_duplicate_events"
PRESSES: Final = "shirube_presses"
QUESTION_SECONDS: Final = "shirube_question_seconds"
LOOP_LAG: Final = "shirube_loop_lag_seconds"
LEADING: Final = "shirube_leading"
READY: Final = "shirube_ready"
PART_READY: Final = "shirube_part_ready"
HOST_STATE: Final = "shirube_model_host_state"
GENERATION_BEGUN: Final = "shirube_generation_begun_timestamp_seconds"
LAST_SYNC: Final = "shirube_sync_last_success_timestamp_seconds"
DOCUMENTS: Final = "shirube_documents"
ORPHANS: Final = "shirube_orphan_chunks"

MEANING: Final = {
    QUESTIONS: "Questions that ended, by how.",
    QUESTIONS_OPEN: "Questions that were taken and have not ended.",
    DUPLICATES: "Deliveries of a question taken before; none counts twice.",
    PRESSES: "Buttons that people pressed.",
    QUESTION_SECONDS: "Seconds from a question to the end of its answer.",
    LOOP_LAG: "How late the event loop is.",
    LEADING: "1 in the process that answers people, 0 on standby.",
    READY: "1 while people who ask are answered by this process.",
    PART_READY: "1 while this part does its work.",
    HOST_STATE: "1 for the state that a model host is in.",
    GENERATION_BEGUN: "When the build of the index that answers was begun.",
    LAST_SYNC: "When a source was last read whole.",
    DOCUMENTS: "Documents of a source that are live.",
    ORPHANS: "Chunks that a search found, of nothing live; they are never shown.",
}
_ANSWER = (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300)
_LAG = (0.01, 0.05, 0.1, 0.5, 1, 3, 10)


class Metrics:
    """A registry of its own, so that two servers in one process do not mix."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(namespace="shirube", registry=self._registry)
        self._questions = Counter(
            QUESTIONS,
            MEANING[QUESTIONS],
            ("platform", "asked", "outcome"),
            registry=self._registry,
        )
        self._open = self._gauge(QUESTIONS_OPEN, "platform")
        self._duplicates = Counter(
            DUPLICATES, MEANING[DUPLICATES], ("platform",), registry=self._registry
        )
        self._presses = Counter(
            PRESSES,
            MEANING[PRESSES],
            ("platform", "button"),
            registry=self._registry,
        )
        self._seconds = self._histogram(QUESTION_SECONDS, _ANSWER, "platform")
        self._lag = self._histogram(LOOP_LAG, _LAG)
        self._leading = self._gauge(LEADING)
        self._ready = self._gauge(READY)
        self._part = self._gauge(PART_READY, "part")
        self._host = self._gauge(HOST_STATE, "role", "host", "state")
        self._generation = self._gauge(GENERATION_BEGUN, "generation")
        self._synced = self._gauge(LAST_SYNC, "source")
        self._documents = self._gauge(DOCUMENTS, "source")
        self._orphans = Counter(ORPHANS, MEANING[ORPHANS], registry=self._registry)

    def question_opened(self, platform: str, /) -> None:
        """Count a question that was taken."""
        self._open.labels(platform).inc()

    def duplicate_event(self, platform: str, /) -> None:
        """Count an event that a platform delivered once more."""
        self._duplicates.labels(platform).inc()

    def question_left(self, platform: str, /) -> None:
        """Count a question that another process sees through."""
        self._open.labels(platform).dec()

    def pressed(self, platform: str, button: str, /) -> None:
        """Count a press; `button` is one of a fixed few words."""
        self._presses.labels(platform, button).inc()

    def question_finished(
        self, platform: str, outcome: Outcome, /, *, asked: Kind, seconds: float
    ) -> None:
        """Count how a question that was taken ended, and how long it took."""
        self._open.labels(platform).dec()
        self._questions.labels(platform, asked, outcome).inc()
        self._seconds.labels(platform).observe(seconds)

    def orphans(self, count: int, /) -> None:
        """Count what a search found and the catalogue does not know."""
        self._orphans.inc(count)

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

    def _gauge(self, name: str, *labels: str) -> Gauge:
        return Gauge(name, MEANING[name], labels, registry=self._registry)

    def _histogram(
        self, name: str, buckets: tuple[float, ...], *labels: str
    ) -> Histogram:
        return Histogram(
            name, MEANING[name], labels, buckets=buckets, registry=self._registry
        )
