"""The methods of agents: status lines, suggested prompts, sessions."""

from tests.fakes.slack.asking import channel_of, listed, required
from tests.fakes.slack.limits import (
    LOADING_MESSAGES,
    SESSION_TITLE_CHARACTERS,
    STATUS_CHARACTERS,
    STATUS_SECONDS,
    SUGGESTED_PROMPTS,
    Refusal,
    invalid,
)
from tests.fakes.slack.model import Json
from tests.fakes.slack.platform import Call, Platform, Session, Status

_SESSION = {"active", "processing", "suspended", "closed"}


async def set_status(platform: Platform, call: Call) -> Json:
    """assistant.threads.setStatus: an empty text clears it, two minutes do too."""
    where = channel_of(platform, call, posting_to=True, name="channel_id")
    thread_ts = required(call.args, "thread_ts")
    if thread_ts not in where.messages:
        raise Refusal("invalid_thread_ts")
    text = str(call.args.get("status") or "")
    loading = listed(call.args, "loading_messages")
    if len(loading) > LOADING_MESSAGES:
        raise invalid("invalid_arguments", "no more than 10 items allowed")
    if any(len(part) > STATUS_CHARACTERS for part in [text, *loading]):
        raise invalid("invalid_arguments", "must be less than 51 characters")
    status = Status(
        at=platform.clock.now(),
        channel=where.id,
        thread_ts=thread_ts,
        text=text,
        loading=tuple(loading),
    )
    platform.statuses.append(status)
    platform.showing.pop((where.id, thread_ts), None)
    if text:
        platform.showing[where.id, thread_ts] = status
    return {}


def status_of(platform: Platform, channel: str, thread_ts: str) -> str:
    """What people see the bot doing in a thread now."""
    status = platform.showing.get((channel, thread_ts))
    if status is None or platform.clock.now() >= status.at + STATUS_SECONDS:
        return ""
    return status.text


async def set_prompts(platform: Platform, call: Call) -> Json:
    """assistant.threads.setSuggestedPrompts."""
    where = channel_of(platform, call, posting_to=True, name="channel_id")
    prompts = listed(call.args, "prompts")
    if not 1 <= len(prompts) <= SUGGESTED_PROMPTS:
        raise invalid("invalid_arguments", "must have 1 to 4 prompts")
    if not all(prompt.get("title") and prompt.get("message") for prompt in prompts):
        raise invalid("invalid_arguments", "missing required field: title, message")
    platform.prompts[where.id] = {
        "title": call.args.get("title"),
        "prompts": prompts,
        "thread_ts": call.args.get("thread_ts"),
    }
    return {}


async def set_title(platform: Platform, call: Call) -> Json:
    """assistant.threads.setTitle."""
    where = channel_of(platform, call, posting_to=True, name="channel_id")
    thread_ts = required(call.args, "thread_ts")
    platform.titles[where.id, thread_ts] = required(call.args, "title")
    return {}


async def set_session(platform: Platform, call: Call) -> Json:
    """agents.sessions.setStatus."""
    if not platform.app.agent:
        raise Refusal("not_allowed")
    where = channel_of(platform, call, posting_to=True, name="channel_id")
    thread_ts = required(call.args, "thread_ts")
    status = required(call.args, "status")
    title = str(call.args.get("title") or "")
    if status not in _SESSION:
        raise invalid("invalid_arguments", "unknown status")
    if len(title) > SESSION_TITLE_CHARACTERS:
        raise invalid("invalid_arguments", "must be less than 201 characters")
    known = platform.sessions.get((where.id, thread_ts))
    stoppable = platform.app.hears("agent_session_stopped")
    session = Session(
        status=status, title=known.title if known else title, stoppable=stoppable
    )
    platform.sessions[where.id, thread_ts] = session
    answer = {"status": status, "agent_status": status, "title": session.title}
    if not stoppable:
        answer["warning"] = "missing_agent_session_stopped_event_subscription"
    return answer
