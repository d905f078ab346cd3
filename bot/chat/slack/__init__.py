"""Slack: mentions, direct messages and commands in, cited answers out."""
