"""What everything here speaks of: contracts, intervals, results, errors."""
