"""The Spark jobs: one module a product, and the write-audit-publish cycle that they share."""
