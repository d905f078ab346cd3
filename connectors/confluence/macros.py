"""The macros of Confluence: what they are called and how they are treated."""

import re
from collections.abc import Iterator

from connectors.confluence.markup import Node

MACROS = frozenset({"ac:structured-macro", "ac:macro"})
"""The tags of a macro; the second is from before version 5."""

SILENT = frozenset(
    {
        "toc",
        "children",
        "pagetree",
        "pagetreesearch",
        "recently-updated",
        "anchor",
    }
)
"""Macros that show nothing of the page's own."""

CODE = frozenset({"code", "noformat", "code-block", "codeblock", "paste-code-macro"})

KINDS = {
    "info": "Info",
    "note": "Note",
    "tip": "Tip",
    "success": "Success",
    "warning": "Warning",
    "error": "Error",
    "panel": "Panel",
    "custom": "Panel",
}
"""Highlighted boxes, and the word that says what they mean."""

EXPAND = frozenset({"expand", "ui-expand"})

CONTENTS = frozenset(
    {"excerpt", "section", "column", "details", "toc-zone", "div", "span"}
)
"""Macros that only wrap their contents."""

INCLUDES = frozenset({"include", "excerpt-include"})

FILES = frozenset(
    {"view-file", "viewpdf", "viewdoc", "viewppt", "viewxls", "multimedia"}
)

EMBEDS = frozenset({"widget", "iframe"})

_LANGUAGE = re.compile(r"[A-Za-z0-9_+#.-]{1,30}")
_BODIES = frozenset({"ac:rich-text-body", "ac:plain-text-body"})


def name_of(macro: Node, /) -> str:
    """Return the macro's name in lower case, `unnamed` without one."""
    return macro.get("ac:name").strip().lower() or "unnamed"


def parameter(macro: Node, name: str, /) -> Node | None:
    """Return a parameter; the one without a name is called "" ."""
    for node in macro.nodes():
        if node.tag == "ac:parameter" and node.get("ac:name") == name:
            return node
        if node.tag == "ac:default-parameter" and not name:
            return node
    return None


def parameter_text(macro: Node, name: str, /) -> str:
    """Return a parameter as text on one line, "" if it is missing."""
    node = parameter(macro, name)
    return " ".join(node.text().split()) if node else ""


def bodies(macro: Node, /) -> Iterator[Node]:
    """Yield the rich and plain bodies of a macro."""
    return (node for node in macro.nodes() if node.tag in _BODIES)


def is_plain(body: Node, /) -> bool:
    """Whether a body is text as it stands, such as code."""
    return body.tag == "ac:plain-text-body"


def language_of(macro: Node, /) -> str:
    """Return the language of a code macro where it has a sound name."""
    language = parameter_text(macro, "language") or parameter_text(macro, "")
    return language.lower() if _LANGUAGE.fullmatch(language) else ""


def adf_parts(extension: Node, /) -> tuple[str | None, list[Node]]:
    """Return the kind of an ADF panel, None for another extension, and its parts.

    The fallback repeats the contents as HTML: it counts only if there are none.
    """
    nodes = list(extension.walk())
    parts = [node for node in extension.nodes() if node.tag != "ac:adf-fallback"]
    if not any(node.tag == "ac:adf-content" for node in nodes):
        parts = list(extension.nodes())
    if not any(node.get("type") == "panel" for node in nodes):
        return None, parts
    kinds = (
        node.text().strip().lower() for node in nodes if node.get("key") == "panel-type"
    )
    return next(kinds, "custom"), parts
