"""Pure functions on text: tokens, language, splitting, and what the bot says."""
