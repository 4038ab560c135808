"""Tables that are made from raw files, line by line."""
