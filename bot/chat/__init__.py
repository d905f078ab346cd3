"""Adapters that call us."""
