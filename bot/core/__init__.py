"""Words and promises of the house; imports the standard library only."""
