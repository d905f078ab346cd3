"""A source becomes live documents."""
