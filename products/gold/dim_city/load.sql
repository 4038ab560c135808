-- One transaction: readers see the old rows or the new ones, never a mixture.
DELETE FROM staging.dim_city;

COPY staging.dim_city
FROM :manifest
IAM_ROLE :iam_role
FORMAT AS PARQUET
MANIFEST;

DELETE FROM gold.dim_city;

INSERT INTO gold.dim_city (
    city_id,
    city_name,
    country,
    timezone,
    processing_timestamp
)
SELECT
    city_id,
    city_name,
    country,
    timezone,
    processing_timestamp
FROM staging.dim_city;
