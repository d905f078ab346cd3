"""A team's own questions become retrieval and answer metrics."""
