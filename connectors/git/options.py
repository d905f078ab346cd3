"""The options of a Git source, and what they mean for reaching it."""

import re
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from connectors.api import Context
from connectors.errors import OptionsError
from connectors.formats import DOCUMENTS
from connectors.git.environment import Access
from connectors.git.web import KINDS, Web, guessed, web_of
from connectors.options import Options, suggestion
from connectors.selection import Patterns

_HTTPS = re.compile(r"https://[A-Za-z0-9][^\s\\@]*")
_SSH = re.compile(r"ssh://(?:[A-Za-z0-9][\w.+-]*@)?[A-Za-z0-9][^\s\\@]*")
_SCP = re.compile(r"[A-Za-z0-9][\w.+-]*@[A-Za-z0-9][A-Za-z0-9.-]*:(?!-)[^\s\\:]+")
_BRANCH = re.compile(r"[A-Za-z0-9\u0080-\U0010ffff][\w./+@#-]*")
_FORBIDDEN = ("..", "//", "@{", ".lock/", "/.", "./")

EXCLUDED = (
    *("node_modules/", "vendor/", "third_party/", "dist/", ".venv/", "site-packages/"),
    *("*.min.*", "*.map", "*.lock", "*-lock.json", "*-lock.yaml", "go.sum"),
)
"""What nobody wrote for reading; also left out where `exclude` says more."""

_USERS = {"bitbucket": "x-token-auth", "bitbucket-dc": ""}


def _address(url: str) -> str:
    if any(form.fullmatch(url) for form in (_HTTPS, _SSH, _SCP)):
        return url
    if re.match(r"https?://[^/]*@", url):
        raise ValueError("take the name and password out and set options.token")
    if url.startswith(("file:", "/", ".")):
        raise ValueError("is on this machine; set options.path instead")
    raise ValueError("must be https://…, ssh://… or user@host:path")


def _branch(name: str) -> str:
    is_bad = name.endswith((".lock", "/", ".")) or any(
        bad in name for bad in _FORBIDDEN
    )
    if is_bad or not _BRANCH.fullmatch(name):
        raise ValueError("is no name of a branch")
    return name


def _web(name: str) -> str:
    known = [*KINDS, "none"]
    if name not in known:
        raise ValueError(f"unknown host '{name}'; {suggestion(name, known)}")
    return name


class GitOptions(Options):
    """What a Git source can be told; either `path` or `url` says where it is."""

    path: Path | None = None
    url: Annotated[str, AfterValidator(_address)] | None = None
    branch: Annotated[str, AfterValidator(_branch)] | None = None
    include: Patterns = DOCUMENTS
    exclude: Patterns = ()
    max_bytes: int = Field(default=1_000_000, gt=0)
    web: Annotated[str, AfterValidator(_web)] | None = None
    web_url: Annotated[str, AfterValidator(_address)] | None = None
    token: SecretStr | None = None
    token_file: Path | None = None
    user: str | None = None
    ssh_key: Path | None = None
    known_hosts: Path | None = None
    ca_file: Path | None = None
    proxy: SecretStr | None = None
    timeout: int = Field(default=900, gt=0)

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if (self.path is None) == (self.url is None):
            raise ValueError("set either 'path' or 'url'")
        if self.token and self.token_file:
            raise ValueError("set either 'token' or 'token_file'")
        has_token = self.token or self.token_file
        if has_token and not (self.url or "").startswith("https://"):
            raise ValueError("a token needs a 'url' that begins with https://")
        if self.web not in {None, "none"} and not (self.url or self.web_url):
            raise ValueError("'web' needs 'web_url', the page of the repository")
        return self

    def web_page(self) -> Web | None:
        """Return where people see the repository, if that is known."""
        address = self.web_url or self.url
        if address is None or self.web == "none":
            return None
        kind = guessed(address)
        if self.web is not None:
            kind = next(kind for kind in KINDS if kind == self.web)
        return web_of(address, kind) if kind else None


def location_of(context: Context, options: GitOptions, /) -> str:
    """Return what git is told to read."""
    if options.path is not None:
        return str((context.base / options.path).absolute())
    return options.url or ""


def access_of(context: Context, options: GitOptions, /) -> Access:
    """Return how git gets in; reads the file of the token.

    Raises `OptionsError` for a token file that is missing or empty.
    """
    if options.url is None:
        return Access(protocols="file")
    token = _token(context, options)
    web = options.web_page()
    user = _USERS.get(web.kind, "x-access-token") if web else "x-access-token"
    return Access(
        protocols="https:ssh",
        host=urlsplit(options.url).netloc,
        user=user if options.user is None else options.user,
        token=token,
        ssh_key=_absolute(context, options.ssh_key),
        known_hosts=_absolute(context, options.known_hosts),
        ca_file=_absolute(context, options.ca_file),
        proxy=options.proxy.get_secret_value() if options.proxy else "",
    )


def _absolute(context: Context, path: Path | None) -> Path | None:
    return (context.base / path).absolute() if path else None


def _token(context: Context, options: GitOptions) -> str:
    if options.token is not None:
        return options.token.get_secret_value().strip()
    if options.token_file is None:
        return ""
    try:
        token = (context.base / options.token_file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        token = ""
    if not token:
        raise OptionsError(
            f"source '{context.source}': option 'token_file': "
            f"no token in '{options.token_file}'; put it there, in a line of its own"
        )
    return token
