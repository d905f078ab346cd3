"""`shirube init`: write a settings file to begin with."""

from pathlib import Path
from typing import Annotated

import typer

from bot import settings
from bot.commands.terminal import Exit, complain, guarded, language, out
from bot.text import phrases

TEMPLATE = """\
# Settings of Shirube. Every key: docs/settings.md. `shirube check` proves them.

[ollama]
url = "http://localhost:11434"
chat_model = "gemma4:26b"
embed_model = "bge-m3"

# Who sits at the terminal of `shirube ask` and `shirube chat`.
[console]
principals = ["pub"]

[[sources]]
name = "{name}"
connector = "{connector}"
# Who may see it: "pub" is everybody inside the team. Without it nobody does.
access = ["pub"]
# Where people open a document, if it has no address of its own:
# link = "https://files.example.com/{{path}}"
options = {{ {option} = {path} }}
"""


def init(
    *,
    connector: Annotated[
        str, typer.Option(help="folder, git or confluence.")
    ] = "folder",
    path: Annotated[
        str, typer.Option(help="The folder, repository or export to read.")
    ] = "documents",
    folder: Annotated[Path, typer.Option(help="Where to write shirube.toml.")] = Path(),
) -> None:
    """Write shirube.toml with one source to fill in."""

    def main() -> Exit:
        target = folder / "shirube.toml"
        option = {"git": "url"}.get(connector, "path")
        if connector not in {"folder", "git", "confluence"}:
            complain(f"no connector {connector!r}; there are folder, git, confluence")
            return Exit.USAGE
        text = TEMPLATE.format(
            name=connector, connector=connector, option=option, path=_quoted(path)
        )
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with target.open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            complain(f"{target} is there already; edit it, or move it away first")
            return Exit.FAILED
        except OSError as error:
            complain(f"cannot write {target}: {error.strerror}")
            return Exit.FAILED
        spoken = language(settings.load(target))
        out.print(phrases.INIT_NEXT.say(spoken, path=target), markup=False)
        return Exit.OK

    raise typer.Exit(guarded(main))


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
