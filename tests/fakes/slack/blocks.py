"""Which blocks Slack takes: kinds, lengths, counts, ids."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TypeAlias

from tests.fakes.slack.elements import element, text_object
from tests.fakes.slack.limits import invalid
from tests.fakes.slack.model import Json, texts_in

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
ALL_BLOCKS_CHARACTERS = 13_200
MARKDOWN_CHARACTERS = 12_000
SECTION_CHARACTERS = 3_000
HEADER_CHARACTERS = 150

IN_VIEWS = frozenset(
    [
        "actions",
        "alert",
        "context",
        "divider",
        "header",
        "image",
        "input",
        "rich_text",
        "section",
        "video",
    ]
)
Check: TypeAlias = Callable[[Json, str], Iterator[str]]


def check_message(blocks: object) -> list[Json]:
    """Return the blocks of a message, or refuse them."""
    taken = _listed(blocks)
    problems = [*_crowd(taken, MESSAGE_BLOCKS), *_each(taken), *_twice(taken)]
    if problems:
        raise invalid("invalid_blocks", *problems)
    if sum(map(len, texts_in(taken))) > ALL_BLOCKS_CHARACTERS:
        raise invalid("msg_blocks_too_long", "the blocks hold too much text")
    return taken


def check_view(view: Json) -> None:
    """Refuse a modal or a Home tab as Slack does."""
    problems = [*_frame(view), *_crowd(view.get("blocks", []), VIEW_BLOCKS)]
    for place, block in enumerate(view.get("blocks", [])):
        if block.get("type") not in IN_VIEWS:
            problems.append(_at(place, f"unsupported type: {block.get('type')}"))
    problems += [*_each(view.get("blocks", [])), *_twice(view.get("blocks", []))]
    if problems:
        raise invalid("invalid_arguments", *problems)


def _frame(view: Json) -> Iterator[str]:
    if view.get("type") not in {"modal", "home"}:
        yield f"must be modal or home [json-pointer:/view/type] {view.get('type')}"
    if view.get("type") == "modal":
        yield from text_object(view.get("title"), "/view/title", 24, plain=True)
        for name in ("submit", "close"):
            if name in view:
                yield from text_object(view[name], f"/view/{name}", 24, plain=True)
        inputs = any(block.get("type") == "input" for block in view.get("blocks", []))
        if inputs and "submit" not in view:
            yield "missing required field: submit [json-pointer:/view/submit]"
    for name, limit in (("callback_id", 255), ("private_metadata", 3000)):
        if len(view.get(name) or "") > limit:
            yield f"must be at most {limit} characters [json-pointer:/view/{name}]"


def _listed(blocks: object) -> list[Json]:
    if not isinstance(blocks, list) or not all(isinstance(b, dict) for b in blocks):
        raise invalid("invalid_blocks_format", "blocks must be an array of objects")
    return blocks


def _crowd(blocks: list[Json], limit: int) -> Iterator[str]:
    if len(blocks) > limit:
        yield f"no more than {limit} items allowed [json-pointer:/blocks]"
    markdown = [b.get("text", "") for b in blocks if b.get("type") == "markdown"]
    if sum(len(text) for text in markdown if isinstance(text, str)) > (
        MARKDOWN_CHARACTERS
    ):
        yield f"markdown text exceeds {MARKDOWN_CHARACTERS} characters"


def _each(blocks: list[Json]) -> Iterator[str]:
    for place, block in enumerate(blocks):
        where = f"/blocks/{place}"
        check = CHECKS.get(str(block.get("type")))
        if check is None:
            yield _at(place, f"unsupported type: {block.get('type')}")
        else:
            yield from check(block, where)
        if len(str(block.get("block_id") or "")) > 255:
            yield _at(place, "block_id must be less than 256 characters")


def _twice(blocks: list[Json]) -> Iterator[str]:
    ids = Counter(block["block_id"] for block in blocks if block.get("block_id"))
    for block_id, times in ids.items():
        if times > 1:
            yield f"block_id already exists: {block_id}"


def _at(place: int, problem: str) -> str:
    return f"{problem} [json-pointer:/blocks/{place}]"


def _anything(_block: Json, _where: str) -> Iterator[str]:
    yield from ()


def _section(block: Json, where: str) -> Iterator[str]:
    fields = block.get("fields", [])
    if "text" in block:
        yield from text_object(block["text"], f"{where}/text", SECTION_CHARACTERS)
    elif not fields:
        yield f"must provide text or fields [json-pointer:{where}]"
    if len(fields) > 10:
        yield f"no more than 10 items allowed [json-pointer:{where}/fields]"
    for place, item in enumerate(fields):
        yield from text_object(item, f"{where}/fields/{place}", 2000)
    if "accessory" in block:
        yield from element(block["accessory"], f"{where}/accessory")


def _header(block: Json, where: str) -> Iterator[str]:
    text = block.get("text")
    yield from text_object(text, f"{where}/text", HEADER_CHARACTERS, plain=True)


def _markdown(block: Json, where: str) -> Iterator[str]:
    if not isinstance(block.get("text"), str) or not block["text"]:
        yield f"missing required field: text [json-pointer:{where}]"


def _elements(limit: int) -> Check:
    def check(block: Json, where: str) -> Iterator[str]:
        inside = block.get("elements", [])
        if not 1 <= len(inside) <= limit:
            yield f"must have 1 to {limit} items [json-pointer:{where}/elements]"
        for place, item in enumerate(inside):
            yield from element(item, f"{where}/elements/{place}")

    return check


def _context(block: Json, where: str) -> Iterator[str]:
    inside = block.get("elements", [])
    if not 1 <= len(inside) <= 10:
        yield f"must have 1 to 10 items [json-pointer:{where}/elements]"
    for place, item in enumerate(inside):
        if item.get("type") != "image":
            yield from text_object(item, f"{where}/elements/{place}", 3000)


def _input(block: Json, where: str) -> Iterator[str]:
    yield from text_object(block.get("label"), f"{where}/label", 2000, plain=True)
    yield from element(block.get("element"), f"{where}/element")


def _image(block: Json, where: str) -> Iterator[str]:
    if not block.get("alt_text") or not (
        block.get("image_url") or block.get("slack_file")
    ):
        yield f"missing required field: alt_text, image_url [json-pointer:{where}]"


def _table(rows: int, columns: int) -> Check:
    def check(block: Json, where: str) -> Iterator[str]:
        lines = block.get("rows", [])
        if not 1 <= len(lines) <= rows or any(len(line) > columns for line in lines):
            yield f"at most {rows} rows of {columns} cells [json-pointer:{where}/rows]"

    return check


def _rich_text(block: Json, where: str) -> Iterator[str]:
    if not block.get("elements"):
        yield f"missing required field: elements [json-pointer:{where}]"


CHECKS: dict[str, Check] = {
    "actions": _elements(25),
    "alert": _anything,
    "card": _anything,
    "carousel": _anything,
    "container": _anything,
    "context": _context,
    "context_actions": _elements(5),
    "data_table": _table(101, 20),
    "divider": _anything,
    "file": _anything,
    "header": _header,
    "image": _image,
    "input": _input,
    "markdown": _markdown,
    "plan": _anything,
    "rich_text": _rich_text,
    "section": _section,
    "table": _table(100, 20),
    "task_card": _anything,
    "video": _anything,
}
