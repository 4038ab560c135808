"""gold.dim_vehicle_type: the vehicle types offered."""

from tideline_jobs.reference_data import publish_reference_data as run

__all__ = ["run"]
