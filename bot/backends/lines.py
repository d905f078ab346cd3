"""Cuts a stream of bytes into lines of JSON, wherever the network cut it."""

from collections.abc import AsyncGenerator, AsyncIterable

LONGEST_LINE = 8 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"


async def cut(chunks: AsyncIterable[bytes], /) -> AsyncGenerator[bytes, None]:
    """Yield the lines that are not blank, without their ends and without a BOM.

    The last line needs no line feed. Raises `ValueError` for a line that never
    seems to end.
    """
    buffer = bytearray()
    async for chunk in chunks:
        searched = len(buffer)
        buffer += chunk
        while (end := buffer.find(b"\n", searched)) >= 0:
            if line := _content(buffer[:end]):
                yield line
            del buffer[: end + 1]
            searched = 0
        if len(buffer) > LONGEST_LINE:
            raise ValueError(f"a line of more than {LONGEST_LINE} bytes")
    if line := _content(buffer):
        yield line


def _content(line: bytearray) -> bytes:
    return bytes(line.removeprefix(_BOM).strip())
