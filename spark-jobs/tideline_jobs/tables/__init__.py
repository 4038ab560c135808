"""Files, published tables, and what their commits say."""
