"""Reads the events of a stream as OpenAI-compatible servers send them."""

from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import aclosing

from bot.backends import lines

_DONE = b"[DONE]"
_IGNORED = (b":", b"event:", b"id:", b"retry:")


async def payloads(chunks: AsyncIterable[bytes], /) -> AsyncGenerator[bytes, None]:
    """Yield the JSON of each event until `[DONE]`, or until the stream ends.

    Older servers tell an error in a field of its own, proxies as bare JSON; both
    are yielded, too. Raises `ValueError` for what is no such stream.
    """
    async with aclosing(lines.cut(chunks)) as found:
        async for line in found:
            if line.startswith(_IGNORED):
                continue
            payload = _payload(line)
            if payload == _DONE:
                return
            if payload:
                yield payload


def _payload(line: bytes) -> bytes:
    if line.startswith(b"{"):
        return line
    field, colon, value = line.partition(b":")
    if not colon or field not in {b"data", b"error"}:
        raise ValueError(f"not an event: {line[:80]!r}")
    value = value.strip()
    return b'{"error": %b}' % value if field == b"error" else value
