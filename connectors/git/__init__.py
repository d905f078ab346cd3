"""Reads the documents of a Git repository through a bare copy of its own."""

from connectors.git.source import connect

__all__ = ["connect"]
