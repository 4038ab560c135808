-- One transaction: readers see the old rows or the new ones, never a mixture.
CREATE TEMP TABLE load_trips (LIKE gold.trips);

COPY load_trips
FROM :manifest
IAM_ROLE :iam_role
FORMAT AS PARQUET
MANIFEST;

-- Where two loads of a product run at once, one of them fails here: without rows to delete they would not meet.
UPDATE meta.load_guards
SET build_id = :build_id
WHERE product = :product;

DELETE FROM gold.trips
WHERE trip_date >= :start_date AND trip_date < :end_date;

INSERT INTO gold.trips
SELECT *
FROM load_trips
WHERE trip_date >= :start_date AND trip_date < :end_date;

INSERT INTO meta.loads (product, start_date, end_date, build_id, rows, loaded_at)
SELECT :product, CAST(:start_date AS DATE), CAST(:end_date AS DATE), :build_id, COUNT(*), GETDATE()
FROM load_trips
WHERE trip_date >= :start_date AND trip_date < :end_date;

-- Sessions may outlive a batch.
DROP TABLE load_trips;
