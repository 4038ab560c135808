SELECT
    CAST(date_format(date, 'yyyyMMdd') AS INT) AS date_id,
    date,
    year(date) AS year,
    quarter(date) AS quarter,
    month(date) AS month,
    day(date) AS day,
    weekday(date) + 1 AS iso_weekday,
    weekday(date) >= 5 AS is_weekend
FROM (SELECT explode(sequence(DATE '2024-01-01', DATE '2035-12-31')) AS date)
