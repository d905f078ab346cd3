"""Checks, and what an operator watches."""
