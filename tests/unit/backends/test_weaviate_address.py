"""Where a Weaviate server is, as people write it."""

import pytest

from bot.backends.weaviate import open_index
from bot.backends.weaviate.server import endpoint
from bot.core.errors import ConfigError


@pytest.mark.parametrize(
    ("url", "grpc", "rest", "calls"),
    [
        ("http://weaviate:8080", None, ("weaviate", 8080), ("weaviate", 50051)),
        (" http://weaviate/ ", None, ("weaviate", 80), ("weaviate", 50051)),
        (
            "https://db.example",
            "rpc.example:443",
            ("db.example", 443),
            ("rpc.example", 443),
        ),
        ("http://127.0.0.1:8080", "127.0.0.1:9", ("127.0.0.1", 8080), ("127.0.0.1", 9)),
        ("http://[::1]:8080", "[::1]:50052", ("[::1]", 8080), ("[::1]", 50052)),
    ],
)
def test_rest_and_grpc_have_an_address_each(
    url: str, grpc: str | None, rest: tuple[str, int], calls: tuple[str, int]
) -> None:
    place = endpoint(url, grpc=grpc, api_key=None)

    assert rest == (place.host, place.port)
    assert calls == (place.grpc_host, place.grpc_port)
    assert place.secure == url.startswith("https")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "weaviate",
        "weaviate:8080",
        "ftp://weaviate",
        "http://",
        "http://weaviate:port",
        "http://weaviate:0",
        "http://weaviate:8080/v1",
        "http://bot:秘密@weaviate:8080",
        "索引",
    ],
)
async def test_what_is_no_address_is_a_wrong_setting(url: str) -> None:
    with pytest.raises(ConfigError, match=r"http://weaviate:8080") as raised:
        async with open_index(url):
            pass

    assert "秘密" not in str(raised.value)


@pytest.mark.parametrize("grpc", ["", "weaviate", "weaviate:x", ":50051", "a:1/x"])
async def test_what_is_no_grpc_address_is_a_wrong_setting(grpc: str) -> None:
    with pytest.raises(ConfigError, match="weaviate:50051"):
        async with open_index("http://weaviate:8080", grpc=grpc):
            pass


async def test_one_port_for_both_is_a_wrong_setting() -> None:
    with pytest.raises(ConfigError, match="two ports"):
        async with open_index("http://weaviate:8080", grpc="weaviate:8080"):
            pass


def test_the_key_is_not_shown() -> None:
    place = endpoint("http://weaviate:8080", grpc=None, api_key="秘密の鍵")

    assert "秘密" not in repr(place)
