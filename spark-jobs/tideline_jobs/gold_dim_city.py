"""gold.dim_city: the cities served."""

from tideline_jobs.reference_data import publish_reference_data as run

__all__ = ["run"]
