"""What a stream takes beside text: tasks, the title of their plan, blocks."""

from collections.abc import Sequence
from dataclasses import replace

from tests.fakes.slack.blocks import check_message
from tests.fakes.slack.limits import invalid
from tests.fakes.slack.model import Json, Stream

STATUSES = frozenset({"pending", "in_progress", "complete", "error"})
DISPLAYS = frozenset({None, "timeline", "plan"})

_SAID = {"markdown_text": ("text",), "plan_update": ("title",)}
_TASK = frozenset({"type", "id", "title", "status", "details", "output", "sources"})


def check_chunks(chunks: Sequence[Json]) -> None:
    """Refuse what a call says wrongly."""
    for place, chunk in enumerate(chunks):
        if problem := _problem(chunk):
            raise invalid("invalid_chunks", f"{problem} [json-pointer:/chunks/{place}]")


def take_chunks(stream: Stream, chunks: Sequence[Json]) -> None:
    """Add to a stream what is no text; a task known by its id is changed."""
    then = replace(stream, tasks=dict(stream.tasks), blocks=list(stream.blocks))
    for chunk in chunks:
        match chunk["type"]:
            case "task_update":
                known = then.tasks.get(chunk["id"], {})
                then.tasks[chunk["id"]] = known | chunk
            case "plan_update":
                then.plan = chunk["title"]
            case "blocks":
                then.blocks += chunk["blocks"]
    check_message([*cards(then), *then.blocks])
    stream.tasks, stream.plan, stream.blocks = then.tasks, then.plan, then.blocks


def cards(stream: Stream) -> list[Json]:
    """The blocks that tasks are once the stream has ended."""
    tasks = [_card(task) for task in stream.tasks.values()]
    if not stream.plan:
        return tasks
    return [{"type": "plan", "title": stream.plan, "tasks": tasks}]


def carried(stream: Stream, chunks: Sequence[Json]) -> int:
    """How many bytes tasks take; nobody says that they do not count."""
    together = [*stream.tasks.values(), *chunks]
    return sum(
        len(str(task.get(key) or "").encode())
        for task in together
        if task["type"] == "task_update"
        for key in ("id", "title", "details", "output")
    )


def _problem(chunk: Json) -> str | None:
    kind = chunk.get("type")
    if kind == "blocks":
        return None if isinstance(chunk.get("blocks"), list) else "blocks is missing"
    if kind == "task_update":
        return _problem_of_task(chunk)
    if kind not in _SAID:
        return f"{kind} is unknown"
    lacking = [key for key in _SAID[kind] if not isinstance(chunk.get(key), str)]
    return f"{lacking[0]} is missing" if lacking else None


def _problem_of_task(task: Json) -> str | None:
    for key in ("id", "title", "status"):
        if not isinstance(task.get(key), str) or not task[key]:
            return f"{key} is missing"
    if task["status"] not in STATUSES:
        return f"status {task['status']} is unknown"
    if strange := sorted(task.keys() - _TASK):
        return f"{strange[0]} is unknown"
    for source in task.get("sources") or []:
        if source.get("type") != "url" or not source.get("url"):
            return "a source has no url"
    return None


def _card(task: Json) -> Json:
    kept = {key: task[key] for key in ("title", "status", "sources") if key in task}
    rich = {key: _rich(task[key]) for key in ("details", "output") if task.get(key)}
    return {"type": "task_card", "task_id": task["id"]} | kept | rich


def _rich(text: str) -> Json:
    section = {
        "type": "rich_text_section",
        "elements": [{"type": "text", "text": text}],
    }
    return {"type": "rich_text", "elements": [section]}
