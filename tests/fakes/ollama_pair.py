"""Two real Ollama servers with the same models, each of which dies and comes back."""

from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from tests.fakes import ollama_models, ollama_server
from tests.fakes.ollama_server import RunningOllama


class OllamaPair:
    """Both run until the stack is left; `endless` is a model that never stops."""

    def __init__(self, binary: Path, folder: Path, stack: ExitStack, /) -> None:
        self._binary = binary
        self._folder = folder
        self._stack = stack
        self.servers = [self._start(number, 0) for number in range(2)]
        weights = ollama_models.scripted(
            folder / "endless.gguf", ["有給", "休暇"], endless=True
        )
        for server in self.servers:
            server.create("endless", weights)

    @property
    def urls(self) -> list[str]:
        """The addresses, which stay the same."""
        return [server.url for server in self.servers]

    def at(self, url: str, /) -> RunningOllama:
        """Return the server at an address."""
        return self.servers[self.urls.index(url)]

    def restart(self, url: str, /) -> None:
        """Start a server again that was killed, with the models it had."""
        number = self.urls.index(url)
        self.servers[number] = self._start(number, urlsplit(url).port or 0)

    def _start(self, number: int, port: int) -> RunningOllama:
        folder = self._folder / f"{number}号機"
        folder.mkdir(exist_ok=True)
        server = ollama_server.running(self._binary, folder, port=port)
        return self._stack.enter_context(server)
