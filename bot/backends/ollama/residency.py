"""Watches which models stay in a host's memory, and which push each other out."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from bot.backends.ollama.host import OllamaHost
from bot.backends.ollama.models import canonical
from bot.backends.ollama.wire import Loaded, Running
from bot.core.errors import BotError


def _now() -> datetime:
    return datetime.now(UTC)


class Residency:
    """Looks again and again at what lies in the memory of one host.

    A model that is gone before its time was thrown out for another, as a rule the
    chat model for the embedding model and back: every question then waits until
    its model is loaded anew.
    """

    def __init__(
        self,
        host: OllamaHost,
        models: Sequence[str],
        /,
        *,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._host = host
        self._models = {canonical(model): model for model in models}
        self._clock = clock
        self._until: dict[str, datetime] = {}
        self._thrown_out: set[str] = set()

    async def look(self) -> tuple[str, ...]:
        """Return what the operator should know; nothing while the host is away."""
        try:
            running = await self._host.get("/api/ps", Running)
        except BotError:
            return ()
        places = {canonical(place.name): place for place in running.models}
        self._compare(places)
        named = ((self._models.get(name), place) for name, place in places.items())
        offloaded = (
            place.offload_warning(f"{model} at {self._host.url}")
            for model, place in named
            if model
        )
        evicted = (self._eviction_warning(name) for name in sorted(self._thrown_out))
        return (*(warning for warning in offloaded if warning), *evicted)

    def _compare(self, places: dict[str, Loaded]) -> None:
        now = self._clock()
        for name in self._models:
            until = self._until.pop(name, None)
            place = places.get(name)
            if place is None and until is not None and now < until and places:
                self._thrown_out.add(name)
            if place is not None and place.expires_at is not None:
                self._until[name] = place.expires_at

    def _eviction_warning(self, name: str) -> str:
        model = self._models[name]
        return (
            f"Ollama at {self._host.url} threw {model} out of its memory for another "
            "model, and loading it again takes time; give embeddings a host of their "
            "own, choose smaller models or raise OLLAMA_MAX_LOADED_MODELS"
        )
