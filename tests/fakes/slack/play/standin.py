"""Stands in for a model where none is found: copies sentences, and takes its time.

It speaks Ollama's protocol and knows no language. It shows what a model does to the
screen (progress, an answer that grows, Stop, summaries), not how well one writes.
"""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Final

from tests.fakes.ollama_shaped import MODEL, done, said, teach
from tests.fakes.scripted_http import Reply, Request, Take, ndjson_reply, serving

THINKING: Final = 1.5
PAUSE: Final = 0.6
"""Seconds before it begins, and between two sentences."""

SENTENCES: Final = 5
ENOUGH: Final = 0.3
"""The share of the question's pairs of letters that some sentence has to have."""

_MARKER: Final = re.compile(r"\^[a-z]{3} ")
_SOURCE: Final = re.compile(r"^(?:Source|資料) (\d+)$", re.MULTILINE)
_QUESTION: Final = re.compile(r"^(?:Question|質問): (.+)", re.MULTILINE | re.DOTALL)
_MESSAGE: Final = re.compile(r"^\d{4}-\d\d-\d\d (.+?): (\^[a-z]{3} .+)$", re.MULTILINE)
_BULLET: Final = re.compile(r"^(?:[-*#]+|\d+\.)(?: |$)")
_END: Final = re.compile(r"^----- \w+ (?:sources end|資料おわり) -----$", re.MULTILINE)


@asynccontextmanager
async def standing_in() -> AsyncIterator[str]:
    """Serve while the block runs; gives the address of the host."""
    async with serving() as server:
        teach(server, models=[MODEL])
        server.on("/api/chat", _chat)
        yield server.url


def _chat(request: Request) -> Reply:
    prompt = [str(message["content"]) for message in request.json["messages"]]
    pieces = written(prompt[-1]) if prompt else []
    steps = [step for piece in pieces for step in (said(piece), Take(PAUSE))]
    # A host that says it read far less than it was sent is taken for a broken one.
    read = sum(map(len, prompt)) // 2
    return ndjson_reply(Take(THINKING), *steps, done(prompt=read))


def written(prompt: str, /) -> list[str]:
    """Return what is written to a prompt, in pieces."""
    if asked := _QUESTION.search(prompt):
        return list(_answer(prompt, asked[1])) or ["NO_ANSWER"]
    return list(_summary(prompt)) or ["NO_ANSWER"]


def _answer(prompt: str, question: str) -> Iterator[str]:
    """Copy the sentences that look most like the question, in their order."""
    _, *parts = _SOURCE.split(_END.split(prompt)[0])
    pairs = _pairs(question)
    found = [
        (len(pairs & _pairs(sentence)) / max(len(pairs), 1), number, sentence)
        for number, text in zip(parts[::2], parts[1::2], strict=True)
        for sentence in _sentences(text)
    ]
    best = sorted(found, key=lambda each: -each[0])[:SENTENCES]
    if not best or best[0][0] < ENOUGH:
        return
    for each in found:
        if each in best:
            yield f"{each[2].rstrip('。. ')} [{each[1]}]{_stop(each[2])}"


def _summary(prompt: str) -> Iterator[str]:
    for author, text in _MESSAGE.findall(prompt):
        words = _MARKER.sub("", text)
        if words.isascii():
            yield f"{author} wrote: {words}\n"
        else:
            yield f"{author}さん: {words}\n"


def _sentences(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        if _MARKER.match(line):
            pieces = (_BULLET.sub("", piece).strip() for piece in _MARKER.split(line))
            yield from filter(None, pieces)


def _pairs(text: str) -> set[str]:
    plain = re.sub(r"\W+", " ", text.casefold())
    return {plain[at : at + 2] for at in range(len(plain) - 1)}


def _stop(sentence: str) -> str:
    return ". " if sentence.isascii() else "。"
