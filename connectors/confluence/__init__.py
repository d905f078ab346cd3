"""Reads exports of Confluence, with the rights they hold, as Markdown."""

from connectors.confluence.connector import connect

__all__ = ["connect"]
