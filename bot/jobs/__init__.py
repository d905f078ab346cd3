"""What runs all the time: one process leads, and what it leads is kept going."""
