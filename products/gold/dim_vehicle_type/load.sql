-- One transaction: readers see the old rows or the new ones, never a mixture.
DELETE FROM staging.dim_vehicle_type;

COPY staging.dim_vehicle_type
FROM :manifest
IAM_ROLE :iam_role
FORMAT AS PARQUET
MANIFEST;

DELETE FROM gold.dim_vehicle_type;

INSERT INTO gold.dim_vehicle_type (
    vehicle_type_id,
    type_name,
    base_rate,
    processing_timestamp
)
SELECT
    vehicle_type_id,
    type_name,
    base_rate,
    processing_timestamp
FROM staging.dim_vehicle_type;
