-- One transaction: readers see the old rows or the new ones, never a mixture.
CREATE TEMP TABLE load_dim_city (LIKE gold.dim_city);

COPY load_dim_city
FROM :manifest
IAM_ROLE :iam_role
FORMAT AS PARQUET
MANIFEST;

-- Where two loads of a product run at once, one of them fails here: without rows to delete they would not meet.
UPDATE meta.load_guards
SET build_id = :build_id
WHERE product = :product;

DELETE FROM gold.dim_city;

INSERT INTO gold.dim_city
SELECT *
FROM load_dim_city;

INSERT INTO meta.loads (product, start_date, end_date, build_id, rows, loaded_at)
SELECT :product, CAST(:start_date AS DATE), CAST(:end_date AS DATE), :build_id, COUNT(*), GETDATE()
FROM load_dim_city;

-- Sessions may outlive a batch.
DROP TABLE load_dim_city;
