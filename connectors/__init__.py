"""Connectors read sources; they know nothing of the bot."""
