"""The state database: what is live, what was synced, what was said."""
