"""Secrets leave the settings here, and nowhere else."""

from pydantic import SecretStr


def revealed(value: SecretStr | None) -> str | None:
    """Return the text of a secret, if it is set."""
    return value.get_secret_value() if value else None
