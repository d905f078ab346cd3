"""Makes permanent links to files on the web pages of Git hosts."""

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args
from urllib.parse import quote, urlsplit

from connectors.api import Link

Kind: TypeAlias = Literal[
    "github", "gitlab", "bitbucket", "bitbucket-dc", "gitea", "azure", "backlog"
]
KINDS: tuple[Kind, ...] = get_args(Kind)

_SCP = re.compile(r"(?:[^@/:]+@)?(?P<host>[^/:]+):(?P<path>[^/].*|/.*)")
_HOSTS: tuple[tuple[str, Kind], ...] = (
    (r"(?:.*\.)?bitbucket\.org", "bitbucket"),
    (r"(?:ssh\.)?dev\.azure\.com|.*\.visualstudio\.com", "azure"),
    (r".*\.backlog(?:tool)?\.(?:com|jp)", "backlog"),
    (r"codeberg\.org|.*(?:gitea|forgejo).*", "gitea"),
    (r".*gitlab.*", "gitlab"),
    (r".*github.*|.*\.ghe\.com", "github"),
    (r".*bitbucket.*|.*stash.*", "bitbucket-dc"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """The web page of a repository."""

    kind: Kind
    base: str

    def link(self, commit: str, raw: bytes, /, *, lines: bool) -> Link:
        """Return the link of a file as it is in a commit."""
        path = quote(raw, safe="/")
        page, place = _PAGES[self.kind]
        filled = f"{self.base}{page}".replace("{sha}", commit).replace("{path}", path)
        return Link(page=filled, lines=filled + place if lines else None)


_PAGES: dict[Kind, tuple[str, str]] = {
    # Without ?plain=1 GitHub shows Markdown rendered and ignores the lines.
    "github": ("/blob/{sha}/{path}", "?plain=1#L{first}-L{last}"),
    "gitlab": ("/-/blob/{sha}/{path}", "?plain=1#L{first}-{last}"),
    "bitbucket": ("/src/{sha}/{path}", "#lines-{first}:{last}"),
    "bitbucket-dc": ("/browse/{path}?at={sha}", "#{first}-{last}"),
    "gitea": ("/src/commit/{sha}/{path}", "?display=source#L{first}-L{last}"),
    "azure": (
        "?path=/{path}&version=GC{sha}",
        "&line={first}&lineEnd={last}&lineStartColumn=1&lineEndColumn=999",
    ),
    "backlog": ("/blob/{sha}/{path}", "#{first}"),
}


def guessed(address: str, /) -> Kind | None:
    """Guess the kind of host from an address; None where its name says nothing."""
    host, _ = _parts(address)
    return next((kind for name, kind in _HOSTS if re.fullmatch(name, host)), None)


def web_of(address: str, kind: Kind, /) -> Web:
    """Return the web page that belongs to the address one clones from."""
    host, path = _parts(address)
    path = re.sub(r"\.git$", "", path.strip("/"))
    match kind:
        case "azure" if host.startswith("ssh."):
            organisation, project, name = [*path.split("/")[1:], "", "", ""][:3]
            path = f"{organisation}/{project}/_git/{name}"
            host = host.removeprefix("ssh.")
        case "bitbucket-dc":
            path = _data_center(path)
        case "backlog" if ".git.backlog" in host:
            host, path = host.replace(".git.", "."), f"git/{path}"
        case _:
            pass
    return Web(kind=kind, base=f"https://{host}{_port(address)}/{path}")


def _data_center(path: str) -> str:
    if path.startswith(("projects/", "users/")):
        return path
    *_, project, name = ["", *path.removeprefix("scm/").split("/")]
    if project.startswith("~"):
        return f"users/{project[1:]}/repos/{name}"
    return f"projects/{project}/repos/{name}"


def _port(address: str) -> str:
    """Return the port of the web page, which only an https address knows."""
    parts = urlsplit(address)
    return f":{parts.port}" if parts.scheme == "https" and parts.port else ""


def _parts(address: str) -> tuple[str, str]:
    if "://" in address:
        parts = urlsplit(address)
        return parts.hostname or "", parts.path
    found = _SCP.fullmatch(address)
    return (found["host"].lower(), found["path"]) if found else ("", "")
