"""Teaches the scripted HTTP server the quiet half of Ollama's API."""

from collections.abc import Sequence

from tests.fakes.scripted_http import Reply, ScriptedHTTP, json_reply, ndjson_reply

MODEL = "gemma4:26b"
EMBEDDER = "bge-m3"


def teach(
    server: ScriptedHTTP,
    /,
    *,
    models: Sequence[str] = (MODEL, f"{EMBEDDER}:latest"),
    loaded: Sequence[str] = (),
    capabilities: Sequence[str] = ("completion", "embedding"),
    family: str = "gemma4",
) -> None:
    """Answer what a healthy host with these models answers."""
    tags = [{"name": name, "digest": f"d-{name}", "size": 9} for name in models]
    shown = {
        "details": {"family": family},
        "capabilities": list(capabilities),
        "model_info": {
            "general.architecture": "gemma4",
            "gemma4.context_length": 131_072,
            "gemma4.embedding_length": 4,
        },
    }
    server.on("/api/version", json_reply({"version": "0.34.1"}))
    server.on("/api/status", json_reply({"cloud": {"disabled": True, "source": "env"}}))
    server.on("/api/tags", json_reply({"models": tags}))
    server.on("/api/show", json_reply(shown))
    server.on("/api/ps", running(*loaded))


def running(*names: str) -> Reply:
    """Say which models lie in memory."""
    models = [
        {"name": name, "size": 100, "size_vram": 100, "context_length": 16384}
        for name in names
    ]
    return json_reply({"models": models})


def said(text: str, /, *, thinking: str | None = None) -> dict[str, object]:
    """A line of a chat."""
    message = {"role": "assistant", "content": text, "thinking": thinking}
    return {"model": MODEL, "message": message, "done": False}


def done(
    reason: str = "stop", /, *, prompt: int = 42, output: int = 8
) -> dict[str, object]:
    """The last line of a chat."""
    return {
        "model": MODEL,
        "message": {"role": "assistant", "content": ""},
        "done": True,
        "done_reason": reason,
        "prompt_eval_count": prompt,
        "eval_count": output,
    }


def answer(*texts: str) -> Reply:
    """A whole answer, a line a text."""
    return ndjson_reply(*map(said, texts), done())
