"""What OpenAI-compatible servers answer, as far as we read it."""

from pydantic import Field

from bot.backends.endpoint import Reply


class Meta(Reply):
    """What llama.cpp adds to a model; `n_ctx` is what one request may use."""

    n_ctx: int | None = None
    n_embd: int | None = None
    n_params: int | None = None
    n_vocab: int | None = None
    size: int | None = None
    ftype: str | None = None


class Served(Reply):
    """A model in `GET /v1/models`; vLLM adds `root` and `max_model_len`."""

    id: str
    aliases: tuple[str, ...] = ()
    owned_by: str | None = None
    root: str | None = None
    max_model_len: int | None = None
    meta: Meta | None = None


class Models(Reply):
    """`GET /v1/models`."""

    data: tuple[Served, ...]


class Generation(Reply):
    """A part of `GET /props`."""

    n_ctx: int | None = None


class Props(Reply):
    """`GET /props`, which llama.cpp has."""

    default_generation_settings: Generation = Generation()
    build_info: str | None = None


class Version(Reply):
    """`GET /version`, which vLLM has."""

    version: str


class Usage(Reply):
    """Tokens as the server counted them."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


class Delta(Reply):
    """What a chunk adds to the answer; thoughts are in fields that we do not read."""

    content: str | None = None


class Choice(Reply):
    """One answer of several; we ask for one."""

    delta: Delta = Delta()
    finish_reason: str | None = None


class Chunk(Reply):
    """An event of `POST /v1/chat/completions`; some put errors in `message`."""

    choices: tuple[Choice, ...] = ()
    usage: Usage | None = None
    error: object = None
    message: str | None = None
    code: object = None


class Embedding(Reply):
    """One vector of `POST /v1/embeddings`."""

    index: int
    embedding: tuple[float, ...]


class Embeddings(Reply):
    """`POST /v1/embeddings`."""

    data: tuple[Embedding, ...]
    usage: Usage = Field(default_factory=Usage)
