-- One transaction: readers see the old rows or the new ones, never a mixture.
CREATE TEMP TABLE load_dim_vehicle_type (LIKE gold.dim_vehicle_type);

COPY load_dim_vehicle_type
FROM :manifest
IAM_ROLE :iam_role
FORMAT AS PARQUET
MANIFEST;

-- Where two loads of a product run at once, one of them fails here: without rows to delete they would not meet.
UPDATE meta.load_guards
SET build_id = :build_id
WHERE product = :product;

DELETE FROM gold.dim_vehicle_type;

INSERT INTO gold.dim_vehicle_type
SELECT *
FROM load_dim_vehicle_type;

INSERT INTO meta.loads (product, start_date, end_date, build_id, rows, loaded_at)
SELECT :product, CAST(:start_date AS DATE), CAST(:end_date AS DATE), :build_id, COUNT(*), GETDATE()
FROM load_dim_vehicle_type;

-- Sessions may outlive a batch.
DROP TABLE load_dim_vehicle_type;
