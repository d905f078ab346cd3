"""The front of the Web API: who calls, what for, may they, how often, what then."""

import json
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from typing import TypeAlias

from aiohttp import web

from tests.fakes.slack import (
    assistant,
    chat,
    conversations,
    directory,
    streams,
    views,
)
from tests.fakes.slack.asking import missing_scope
from tests.fakes.slack.faults import Fail, Fault, Refuse, suffer
from tests.fakes.slack.limits import Refusal
from tests.fakes.slack.model import Json, Token
from tests.fakes.slack.platform import Call, Platform
from tests.fakes.slack.rules import RULES, Rule
from tests.fakes.slack.sockets import Sockets

Method: TypeAlias = Callable[[Platform, Call], Awaitable[Json]]

METHODS: dict[str, Method] = {
    "agents.sessions.setStatus": assistant.set_session,
    "assistant.threads.setStatus": assistant.set_status,
    "assistant.threads.setSuggestedPrompts": assistant.set_prompts,
    "assistant.threads.setTitle": assistant.set_title,
    "auth.test": directory.auth_test,
    "bots.info": directory.bot,
    "chat.appendStream": streams.append,
    "chat.delete": chat.delete,
    "chat.getPermalink": chat.permalink,
    "chat.postEphemeral": chat.post_ephemeral,
    "chat.postMessage": chat.post,
    "chat.startStream": streams.start,
    "chat.stopStream": streams.stop,
    "chat.update": chat.update,
    "conversations.history": conversations.history,
    "conversations.info": conversations.show,
    "conversations.join": conversations.join,
    "conversations.list": conversations.list_all,
    "conversations.members": conversations.members,
    "conversations.open": conversations.open_dm,
    "conversations.replies": conversations.replies,
    "files.info": directory.file,
    "reactions.add": conversations.react,
    "reactions.get": conversations.reactions,
    "reactions.remove": conversations.react,
    "team.info": directory.team,
    "usergroups.list": directory.usergroups,
    "usergroups.users.list": directory.usergroup_users,
    "users.conversations": conversations.list_all,
    "users.info": directory.user,
    "users.list": directory.users,
    "users.lookupByEmail": directory.user_by_email,
    "views.open": views.open_modal,
    "views.publish": views.publish,
    "views.push": views.push,
    "views.update": views.update,
}


class WebApi:
    """Answers `/api/<method>` as Slack does: HTTP 200 with `ok`, or 429."""

    def __init__(self, platform: Platform, sockets: Sockets) -> None:
        self._platform = platform
        self._sockets = sockets

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer one call, or fail as the test wants it."""
        method = request.match_info["method"]
        fault = self._platform.faults.take(method)
        call = await self._call(request, method)
        self._platform.calls.append(call)
        self._platform.notify()
        try:
            return await self._answer(request, call, fault)
        finally:
            self._platform.notify()

    async def _answer(
        self, request: web.Request, call: Call, fault: Fault | None
    ) -> web.StreamResponse:
        match fault:
            case Refuse(error):
                call.answer = {"ok": False, "error": error}
                return self._respond(call)
            case Fail(status=status):
                call.http_status = status

        async def process() -> web.StreamResponse:
            await self._process(request, call)
            return self._respond(call)

        return await suffer(fault, request, process)

    async def _call(self, request: web.Request, method: str) -> Call:
        rule = RULES.get(method, Rule())
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        known = self._platform.tokens.get(token)
        return Call(
            method=method,
            args=await _arguments(request, rule),
            at=self._platform.clock.now(),
            token=token if kind == "Bearer" else "",
            scopes=frozenset(known.scopes if known else ()),
        )

    async def _process(self, request: web.Request, call: Call) -> None:
        try:
            rule = self._rule(call)
            self._admit(call, rule)
            self._pace(call, rule)
            call.answer = {"ok": True, **await self._do(request, call)}
        except Refusal as refusal:
            call.answer = {"ok": False, "error": refusal.error, **refusal.more}
            if refusal.error == "ratelimited":
                call.http_status = 429

    def _rule(self, call: Call) -> Rule:
        if call.method not in RULES:
            raise Refusal("unknown_method", req_method=call.method)
        return RULES[call.method]

    def _admit(self, call: Call, rule: Rule) -> None:
        token = self._token(call)
        if call.method != "auth.test" and token.kind != rule.token:
            raise Refusal("not_allowed_token_type")
        if rule.scopes and not call.scopes & set(rule.scopes):
            raise missing_scope(",".join(rule.scopes), call.scopes)
        if not rule.by_kind:
            call.used.update(rule.scopes[:1])

    def _token(self, call: Call) -> Token:
        if not call.token:
            raise Refusal("not_authed")
        token = self._platform.tokens.get(call.token)
        if token is None:
            raise Refusal("invalid_auth")
        if token.revoked:
            raise Refusal("token_revoked")
        return token

    def _pace(self, call: Call, rule: Rule) -> None:
        wait = self._platform.tiers.wait(call.method, rule.per_minute)
        if wait:
            raise Refusal("ratelimited", retry_after=wait)

    async def _do(self, request: web.Request, call: Call) -> Json:
        if call.method == "apps.connections.open":
            here = f"{request.scheme}://{request.host}"
            base = self._platform.address_of("sockets", asked_at=here)
            return {"url": self._sockets.ticket_url(base)}
        return await METHODS[call.method](self._platform, call)

    def _respond(self, call: Call) -> web.Response:
        headers = {
            "Date": formatdate(self._platform.clock.now(), usegmt=True),
            "X-OAuth-Scopes": ",".join(sorted(call.scopes)),
        }
        if rule := RULES.get(call.method):
            headers["X-Accepted-OAuth-Scopes"] = ",".join(rule.scopes)
        answer = dict(call.answer)
        if call.http_status == 429:
            headers["Retry-After"] = str(answer.pop("retry_after"))
        return web.json_response(answer, status=call.http_status, headers=headers)


async def _arguments(request: web.Request, rule: Rule) -> Json:
    arguments: Json = dict(request.query)
    if request.content_type == "application/json":
        content = await request.text()
        if rule.json and content:
            arguments |= json.loads(content)
    elif request.method == "POST":
        arguments |= dict(await request.post())
    arguments.pop("token", None)
    return arguments
