"""Products of the bronze layer."""
