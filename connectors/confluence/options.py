"""What the operator can set for a Confluence source."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from connectors.options import Options


def _address(text: str) -> str:
    if not text.startswith(("https://", "http://")) or not text.isprintable():
        raise ValueError("must be an address such as https://wiki.example.com")
    if set(text) & set(" <>\"'{}\\?#"):
        raise ValueError("must be the plain address of the site, without a page")
    return text.rstrip("/")


class ConfluenceOptions(Options):
    """Options of a source with `connector = "confluence"`.

    `path` is an XML export, as a zip or unpacked. `base_url` is the address of the
    site, from which links to pages are made. `spaces` limits a site backup to some
    space keys. `archived` also reads archived pages and spaces. A page below one
    that the export does not hold is read by nobody, unless `missing_ancestors` is
    `ignore`. An export older than the last one read is refused, unless
    `allow_older` is set. `max_bytes` and `max_files` limit what is unpacked.
    """

    path: Path
    base_url: Annotated[str, AfterValidator(_address)] | None = None
    spaces: tuple[str, ...] = ()
    archived: bool = False
    missing_ancestors: Literal["deny", "ignore"] = "deny"
    allow_older: bool = False
    max_bytes: int = Field(default=2 << 30, gt=0)
    max_files: int = Field(default=200_000, gt=0)
