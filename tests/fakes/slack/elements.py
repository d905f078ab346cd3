"""Which elements and text objects Slack takes inside blocks."""

from collections.abc import Iterator

from tests.fakes.slack.model import Json

BUTTON_CHARACTERS = 75
_OPTIONS = {
    "static_select": 100,
    "multi_static_select": 100,
    "overflow": 5,
    "checkboxes": 10,
    "radio_buttons": 10,
}
_KNOWN = frozenset(
    [
        "button",
        "channels_select",
        "checkboxes",
        "conversations_select",
        "datepicker",
        "datetimepicker",
        "email_text_input",
        "external_select",
        "feedback_buttons",
        "file_input",
        "icon_button",
        "image",
        "multi_channels_select",
        "multi_conversations_select",
        "multi_external_select",
        "multi_static_select",
        "multi_users_select",
        "number_input",
        "overflow",
        "plain_text_input",
        "radio_buttons",
        "rich_text_input",
        "static_select",
        "timepicker",
        "url_source",
        "url_text_input",
        "users_select",
        "workflow_button",
    ]
)


def text_object(
    text: object, where: str, limit: int, *, plain: bool = False
) -> Iterator[str]:
    """Check a text object; some places take plain text only."""
    if not isinstance(text, dict) or not isinstance(text.get("text"), str):
        yield f"must provide a text object [json-pointer:{where}]"
        return
    kinds = {"plain_text"} if plain else {"plain_text", "mrkdwn"}
    if text.get("type") not in kinds:
        yield f"must be {' or '.join(sorted(kinds))} [json-pointer:{where}/type]"
    if not text["text"]:
        yield f"must be more than 0 characters [json-pointer:{where}/text]"
    if len(text["text"]) > limit:
        yield f"must be less than {limit + 1} characters [json-pointer:{where}/text]"


def element(item: object, where: str) -> Iterator[str]:
    """Check a button, a menu, an input."""
    if not isinstance(item, dict) or item.get("type") not in _KNOWN:
        kind = item.get("type") if isinstance(item, dict) else item
        yield f"unsupported type: {kind} [json-pointer:{where}]"
        return
    limits = (("action_id", 255), ("value", 2000), ("url", 3000))
    for name, limit in limits:
        if len(str(item.get(name) or "")) > limit:
            yield f"must be at most {limit} characters [json-pointer:{where}/{name}]"
    yield from _inside(item, where)


def _inside(item: Json, where: str) -> Iterator[str]:
    match item["type"]:
        case "button" | "workflow_button":
            yield from _button(item, where)
        case "feedback_buttons":
            yield from _feedback(item, where)
        case kind if kind in _OPTIONS:
            yield from _options(item, where, _OPTIONS[kind])
    if "placeholder" in item:
        place = f"{where}/placeholder"
        yield from text_object(item["placeholder"], place, 150, plain=True)


def _button(item: Json, where: str) -> Iterator[str]:
    text = item.get("text")
    yield from text_object(text, f"{where}/text", BUTTON_CHARACTERS, plain=True)
    if item.get("style") not in {None, "primary", "danger"}:
        yield f"must be primary or danger [json-pointer:{where}/style]"


def _feedback(item: Json, where: str) -> Iterator[str]:
    for name in ("positive_button", "negative_button"):
        button = item.get(name)
        if not isinstance(button, dict):
            yield f"missing required field: {name} [json-pointer:{where}]"
            continue
        text = button.get("text")
        place = f"{where}/{name}"
        yield from text_object(text, f"{place}/text", BUTTON_CHARACTERS, plain=True)
        if not 1 <= len(str(button.get("value") or "")) <= 2000:
            yield f"must be 1 to 2000 characters [json-pointer:{place}/value]"


def _options(item: Json, where: str, limit: int) -> Iterator[str]:
    options = item.get("options", [])
    if "option_groups" not in item and not 1 <= len(options) <= limit:
        yield f"must have 1 to {limit} items [json-pointer:{where}/options]"
    for place, option in enumerate(options):
        text = option.get("text")
        yield from text_object(text, f"{where}/options/{place}/text", 75)
        if not 1 <= len(str(option.get("value") or "")) <= 150:
            yield f"must be 1 to 150 characters [json-pointer:{where}/options/{place}]"
