"""What a job may do with a table besides building it."""
