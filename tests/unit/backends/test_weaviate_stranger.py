"""What answers where a Weaviate should be, and is none, or none that will do."""

import pytest

from bot.backends.weaviate import open_index
from bot.core.errors import ConfigError, Unavailable
from tests.contracts.index_records import STAFF, a_generation
from tests.fakes.scripted_http import Hang, Reply, ScriptedHTTP, json_reply

HTML = {"Content-Type": "text/html"}
PAGE = "<!doctype html><title>ログイン</title>".encode()


async def asked(server: ScriptedHTTP) -> None:
    """Search on that server."""
    async with open_index(server.url, patience=0.5) as index:
        await index.search_lexical(a_generation(), ["休暇"], principals=STAFF, limit=10)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(headers=HTML, steps=[PAGE]),
        Reply(status=404, headers=HTML, steps=[PAGE]),
        Reply(status=302, headers={"Location": "/login"}),
        json_reply({"error": "not found"}, status=404),
        json_reply({"version": None}),
        json_reply({"version": "新しい"}),
        json_reply([]),
        json_reply("Ollama is running"),
    ],
    ids=["page", "404", "redirect", "JSON", "null", "text", "list", "string"],
)
async def test_something_else_is_a_wrong_address(
    scripted_http: ScriptedHTTP, reply: Reply
) -> None:
    scripted_http.on("/v1/meta", reply)

    with pytest.raises(ConfigError, match=r"not Weaviate.*correct the address"):
        await asked(scripted_http)


@pytest.mark.parametrize("version", ["1.20.0", "1.27.1", "1.35.9"])
async def test_an_old_server_is_to_be_upgraded(
    scripted_http: ScriptedHTTP, version: str
) -> None:
    scripted_http.on("/v1/meta", json_reply({"version": version}))

    with pytest.raises(ConfigError, match=rf"{version}.*upgrade"):
        await asked(scripted_http)


async def test_a_server_that_is_not_ready_is_waited_for(
    scripted_http: ScriptedHTTP,
) -> None:
    scripted_http.on("/v1/meta", json_reply({"version": "1.39.0"}))
    scripted_http.on("/v1/.well-known/ready", Reply(status=503))

    with pytest.raises(Unavailable, match="is starting"):
        await asked(scripted_http)


@pytest.mark.parametrize(
    "reply",
    [Reply(status=502, headers=HTML, steps=[PAGE]), Reply(steps=[Hang()])],
    ids=["a proxy without a server", "nothing"],
)
async def test_a_server_that_is_away_is_unavailable(
    scripted_http: ScriptedHTTP, reply: Reply
) -> None:
    scripted_http.on("/v1/meta", reply)

    with pytest.raises(Unavailable, match="both of its ports"):
        await asked(scripted_http)


async def test_nothing_but_the_server_is_asked(scripted_http: ScriptedHTTP) -> None:
    """The client would also ask the package index for a newer client."""
    scripted_http.on("/v1/meta", json_reply({"version": "1.30.0"}))
    with pytest.raises(ConfigError):
        await asked(scripted_http)

    assert {request.path for request in scripted_http.requests} == {"/v1/meta"}
