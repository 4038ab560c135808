"""What no SELECT says: one module a product, at the place of its contract."""
