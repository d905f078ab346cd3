"""Index and model engines behind the ports."""
