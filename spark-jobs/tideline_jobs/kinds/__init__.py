"""How rows come to be, by the kind that a contract names."""
