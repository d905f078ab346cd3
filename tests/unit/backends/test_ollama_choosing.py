"""Which models a first try uses."""

import pytest

from bot.backends.ollama import OllamaHost, choose
from tests.conftest import ScriptedModel
from tests.fakes.ollama_shaped import teach
from tests.fakes.scripted_http import Hang, Reply, ScriptedHTTP


async def test_the_named_models_are_preferred(scripted_http: ScriptedHTTP) -> None:
    teach(scripted_http, models=["llama3:8b", "gemma4:26b", "bge-m3:latest"])

    async with OllamaHost(scripted_http.url) as host:
        chosen = await choose(host, chat="gemma4:26b", embed="bge-m3")

    assert (chosen.chat, chosen.embed) == ("gemma4:26b", "bge-m3:latest")


async def test_another_model_is_better_than_none_unless_it_is_in_a_cloud(
    scripted_http: ScriptedHTTP,
) -> None:
    teach(scripted_http, models=["gpt-oss:120b-cloud", "社内モデル:latest"])

    async with OllamaHost(scripted_http.url) as host:
        chosen = await choose(host, chat="gemma4:26b", embed="bge-m3")

    assert (chosen.chat, chosen.embed) == ("社内モデル:latest", "社内モデル:latest")


async def test_a_host_that_does_not_answer_has_no_models(
    scripted_http: ScriptedHTTP,
) -> None:
    scripted_http.on("/api/tags", Reply(steps=[Hang()]))

    async with OllamaHost(scripted_http.url) as host:
        chosen = await choose(host, chat="gemma4:26b", embed="bge-m3", limit=0.1)

    assert (chosen.chat, chosen.embed) == (None, None)
    assert len(chosen.problems) == 1


@pytest.mark.ollama
async def test_a_real_host_offers_each_model_for_what_it_can_do(
    ollama_url: str, scripted_model: ScriptedModel, minilm_model: str
) -> None:
    name = scripted_model("chosen", "はい、そうです[1]。")

    async with OllamaHost(ollama_url) as host:
        chosen = await choose(host, chat=name, embed="bge-m3")

    assert chosen.chat == f"{name}:latest"
    assert chosen.embed == f"{minilm_model}:latest"
