"""Published tables, and what their commits say."""
