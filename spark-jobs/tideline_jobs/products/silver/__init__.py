"""Products of the silver layer."""
