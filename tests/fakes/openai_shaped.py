"""Teaches the scripted HTTP server the quiet half of OpenAI's API."""

import json

from tests.fakes.scripted_http import (
    Cut,
    Hang,
    Reply,
    ScriptedHTTP,
    Step,
    Take,
    json_reply,
)

MODEL = "Qwen/Qwen3.6-27B-日本語"
CHAT = "/v1/chat/completions"
EMBEDDINGS = "/v1/embeddings"
CONTEXT = 16_384


def teach(server: ScriptedHTTP, /, *, context: int | None = CONTEXT) -> None:
    """Answer what a healthy vLLM with one model answers."""
    served = {
        "id": MODEL,
        "object": "model",
        "created": 1_790_000_000,
        "owned_by": "vllm",
        "root": MODEL,
        "max_model_len": context,
    }
    server.on("/v1/models", json_reply({"object": "list", "data": [served]}))
    server.on("/version", json_reply({"version": "0.19.1"}))


def said(text: str, /, **fields: object) -> dict[str, object]:
    """A chunk of an answer; fields are added to its delta."""
    choice = {"index": 0, "delta": {"content": text, **fields}, "finish_reason": None}
    return {"object": "chat.completion.chunk", "choices": [choice]}


def ended(reason: str = "stop", /) -> dict[str, object]:
    """The chunk that says why an answer ended."""
    choice = {"index": 0, "delta": {}, "finish_reason": reason}
    return {"object": "chat.completion.chunk", "choices": [choice]}


def counted(prompt: int = 42, output: int = 8) -> dict[str, object]:
    """The chunk with the tokens."""
    usage = {"prompt_tokens": prompt, "completion_tokens": output}
    return {"object": "chat.completion.chunk", "choices": [], "usage": usage}


def stream(*parts: object) -> Reply:
    """Stream objects as events; text is an event as it is, steps are done in place."""
    return Reply(
        headers={"Content-Type": "text/event-stream"}, steps=[_step(p) for p in parts]
    )


def answer(*texts: str) -> Reply:
    """A whole answer, an event a text."""
    return stream(*map(said, texts), ended(), counted(), "[DONE]")


def refused(message: str, /, *, status: int = 400) -> Reply:
    """Refuse as OpenAI does."""
    error = {"message": message, "type": "BadRequestError", "code": status}
    return json_reply({"error": error}, status=status)


TOO_LONG = (
    f"This model's maximum context length is {CONTEXT} tokens. However, you requested "
    "30019 tokens (28819 in the messages, 1200 in the completion). Please reduce the "
    "length of the messages or completion."
)


def teach_to_refuse(server: ScriptedHTTP, /, *replies: Reply) -> None:
    """Refuse the first prompt of a model, which is sent to see that, then go on."""
    server.on(CHAT, refused(TOO_LONG), *replies)


def _step(part: object) -> Step:
    match part:
        case bytes() | Hang() | Cut() | Take():
            return part
        case str():
            return f"data: {part}\n\n".encode()
        case _:
            return f"data: {json.dumps(part, ensure_ascii=False)}\n\n".encode()
