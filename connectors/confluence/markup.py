"""Confluence's storage format as a tree of nodes, however broken it is.

The format is XHTML with the prefixes `ac`, `ri` and `at` and the named entities of
HTML, stored without a root and without declarations.
"""

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.entities import html5
from typing import TypeAlias

from lxml import etree

MAX_DEPTH = 100
"""Elements below this depth lose their tags and keep their text."""

_NAMESPACES = {"ac": "urn:x-ac", "ri": "urn:x-ri", "at": "urn:x-at"}
_PREFIXES = {uri: prefix for prefix, uri in _NAMESPACES.items()}
_ROOT = "<root {}>".format(
    " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in _NAMESPACES.items())
)

# An unfinished section runs to the end, so that many of them cost no more than one.
_CDATA = re.compile(r"<!\[CDATA\[(.*?)(?:\]\]>|\Z)", re.DOTALL)
_CDATA_OR_AMPERSAND = re.compile(
    r"(?P<cdata><!\[CDATA\[.*?(?:\]\]>|\Z))|&(?P<name>#?\w+;)?", re.DOTALL
)
_XML_ENTITIES = frozenset({"amp;", "lt;", "gt;", "quot;", "apos;"})
# Inside a CDATA section of the export Confluence writes `]] >` for `]]>`. Code may
# hold `]] >` of its own (`if [[ -f a ]] > b`), so first only those are undone that
# stand where a section ends.
_ENDS_CDATA = re.compile(r"\]\] >(?=\s*(?:</ac:|<!\[CDATA\[|\Z))")
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# No part of a tag or comment may hold `<`: no attempt to match goes far in vain.
_TAG = re.compile(
    r"<(?P<close>/?)(?P<name>[A-Za-z][\w:.-]*)"
    r"(?P<attributes>(?:[^<>\"']|\"[^<\"]*\"|'[^<']*')*?)(?P<empty>/?)>"
)
_ATTRIBUTE = re.compile(
    r"(?P<name>[\w:.-]+)\s*=\s*(?P<text>\"[^\"]*\"|'[^']*'|[^\s\"'>/]+)"
)
_COMMENT = re.compile(r"<!--[^<]*?-->")
_VOID = frozenset({"br", "hr", "img", "col", "wbr", "area", "input"})
_BREAKS_TEXT = frozenset(
    {"p", "div", "li", "ul", "ol", "td", "th", "tr", "table", "br", "blockquote"}
    | {"pre", "h1", "h2", "h3", "h4", "h5", "h6"}
)


@dataclass(slots=True)
class Node:
    """An element; `tag` and attribute names keep their prefixes, as in `ac:link`."""

    tag: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    children: "list[Child]" = field(default_factory=list)

    def get(self, name: str, default: str = "", /) -> str:
        """Return an attribute, with or without its prefix."""
        if name in self.attributes:
            return self.attributes[name]
        return self.attributes.get(name.rpartition(":")[2], default)

    def nodes(self) -> "Iterator[Node]":
        """Yield the children that are elements."""
        return (child for child in self.children if isinstance(child, Node))

    def first(self, *tags: str) -> "Node | None":
        """Return the first child with one of these tags."""
        return next((node for node in self.nodes() if node.tag in tags), None)

    def walk(self) -> "Iterator[Node]":
        """Yield the node and everything below it, in document order."""
        yield self
        for node in self.nodes():
            yield from node.walk()

    def text(self) -> str:
        """Return all text below the node, as it stands."""
        return "".join(
            child.text() if isinstance(child, Node) else child
            for child in self.children
        )


Child: TypeAlias = Node | str


def parse(storage: str, /) -> tuple[Node, bool]:
    """Return the root of the tree, and whether the text was too broken for XML."""
    storage = _ILLEGAL.sub("", storage).replace("\u2028", "\n").replace("\u2029", "\n")
    for repaired in (_ENDS_CDATA.sub("]]>", storage), storage.replace("]] >", "]]>")):
        root = _strict(repaired)
        if root is not None:
            return root, False
    return _lenient(_ENDS_CDATA.sub("]]>", storage)), True


def _strict(storage: str) -> Node | None:
    builder = _Builder()
    parser = etree.XMLParser(
        target=builder,
        # There is no place for a declaration inside the root, so there are none but
        # XML's own entities; unresolved, libxml2 gives `&#38;` for `&amp;`.
        resolve_entities="internal",
        no_network=True,
        load_dtd=False,
        huge_tree=True,
    )
    document = f"{_ROOT}{_CDATA_OR_AMPERSAND.sub(_as_xml, storage)}</root>"
    try:
        etree.fromstring(document.encode(), parser)
    except etree.XMLSyntaxError:
        return None
    return next(builder.close().nodes())


def _as_xml(match: re.Match[str]) -> str:
    """Write an entity as XML knows it; an unknown one is text."""
    if match["cdata"] is not None:
        return match["cdata"]
    name = match["name"] or ""
    if name.startswith("#"):
        return _references(_legal(html.unescape(f"&{name}")))
    if name in _XML_ENTITIES:
        return f"&{name}"
    return _references(html5[name]) if name in html5 else f"&amp;{name}"


def _references(text: str) -> str:
    return "".join(f"&#{ord(character)};" for character in text)


def _legal(text: str) -> str:
    return _ILLEGAL.sub("", text).replace("\ufffd", "")


class _Builder:
    """Builds the tree from parser events; also lxml's target interface."""

    def __init__(self) -> None:
        self.root = Node("root")
        self._open = [self.root]
        self._text: list[str] = []
        self._too_deep = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        tag = _prefixed(tag)
        if len(self._open) > MAX_DEPTH:
            self._too_deep += 1
            self._separate(tag)
            return
        self._flush()
        node = Node(tag, {_prefixed(name): text for name, text in attributes.items()})
        self._open[-1].children.append(node)
        self._open.append(node)

    def end(self, tag: str) -> None:
        if self._too_deep:
            self._too_deep -= 1
            self._separate(_prefixed(tag))
        elif len(self._open) > 1:
            self._flush()
            self._open.pop()

    def end_nearest(self, tag: str) -> None:
        """Close the innermost open element of that name, if there is one."""
        if self._too_deep:
            self.end(tag)
            return
        for index in range(len(self._open) - 1, 0, -1):
            if self._open[index].tag == tag:
                self._flush()
                del self._open[index:]
                return

    def data(self, text: str) -> None:
        self._text.append(text)

    def close(self) -> Node:
        self._flush()
        return self.root

    def _flush(self) -> None:
        if text := "".join(self._text):
            self._open[-1].children.append(text)
        self._text.clear()

    def _separate(self, tag: str) -> None:
        if tag in _BREAKS_TEXT:
            self.data("\n")


def _prefixed(name: str) -> str:
    if not name.startswith("{"):
        return name
    uri, _, local = name[1:].partition("}")
    return f"{_PREFIXES[uri]}:{local}" if uri in _PREFIXES else local


def _lenient(storage: str) -> Node:
    """Read tags as they come, in time linear in the text whatever is in it.

    The tree builders for HTML at hand take half a minute for 100,000 nested tags,
    and the standard library's parser for as many quotes without an end.
    """
    builder = _Builder()
    text = _CDATA.sub(lambda match: html.escape(match[1], quote=False), storage)
    text = _COMMENT.sub("", text)
    position = 0
    for match in _TAG.finditer(text):
        builder.data(html.unescape(text[position : match.start()]))
        position = match.end()
        name = match["name"].lower()
        if not match["close"]:
            builder.start(name, _attributes(match["attributes"]))
        if match["close"] and name not in _VOID:
            builder.end_nearest(name)
        elif match["empty"] or name in _VOID:
            builder.end(name)
    builder.data(html.unescape(text[position:]))
    return builder.close()


def _attributes(text: str) -> dict[str, str]:
    return {
        match["name"]: html.unescape(match["text"].strip("\"'"))
        for match in _ATTRIBUTE.finditer(text)
    }
