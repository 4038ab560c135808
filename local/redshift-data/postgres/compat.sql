-- Redshift's functions that translated statements call. Replaced in place at every start: views may depend on them.
CREATE SCHEMA IF NOT EXISTS redshift_compat;

CREATE OR REPLACE FUNCTION redshift_compat.dateadd(part text, amount bigint, value timestamp) RETURNS timestamp
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT value + CASE part
    WHEN 'quarter' THEN amount * interval '3 months'
    WHEN 'millisecond' THEN amount * interval '1 millisecond'
    WHEN 'microsecond' THEN amount * interval '1 microsecond'
    ELSE amount * ('1 ' || part)::interval
  END
$$;

CREATE OR REPLACE FUNCTION redshift_compat.dateadd(part text, amount bigint, value date) RETURNS timestamp
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT redshift_compat.dateadd(part, amount, value::timestamp)
$$;

CREATE OR REPLACE FUNCTION redshift_compat.dateadd(part text, amount bigint, value timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE STRICT PARALLEL SAFE AS $$
  SELECT redshift_compat.dateadd(part, amount, value::timestamp)::timestamptz
$$;

-- Counts the boundaries between two moments, not the whole units: 23:59 to 00:01 is one day.
CREATE OR REPLACE FUNCTION redshift_compat.datediff(part text, earlier timestamp, later timestamp) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE part
    WHEN 'year' THEN extract(year FROM later) - extract(year FROM earlier)
    WHEN 'quarter' THEN 4 * (extract(year FROM later) - extract(year FROM earlier))
      + extract(quarter FROM later) - extract(quarter FROM earlier)
    WHEN 'month' THEN 12 * (extract(year FROM later) - extract(year FROM earlier))
      + extract(month FROM later) - extract(month FROM earlier)
    WHEN 'day' THEN later::date - earlier::date
    WHEN 'hour' THEN extract(epoch FROM date_trunc('hour', later) - date_trunc('hour', earlier)) / 3600
    WHEN 'minute' THEN extract(epoch FROM date_trunc('minute', later) - date_trunc('minute', earlier)) / 60
    WHEN 'second' THEN extract(epoch FROM date_trunc('second', later) - date_trunc('second', earlier))
    WHEN 'millisecond' THEN
      1000 * extract(epoch FROM date_trunc('millisecond', later) - date_trunc('millisecond', earlier))
    WHEN 'microsecond' THEN 1000000 * extract(epoch FROM later - earlier)
  END::bigint
$$;

CREATE OR REPLACE FUNCTION redshift_compat.datediff(part text, earlier date, later date) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT redshift_compat.datediff(part, earlier::timestamp, later::timestamp)
$$;

CREATE OR REPLACE FUNCTION redshift_compat.datediff(part text, earlier timestamptz, later timestamptz) RETURNS bigint
LANGUAGE sql STABLE STRICT PARALLEL SAFE AS $$
  SELECT redshift_compat.datediff(part, earlier::timestamp, later::timestamp)
$$;

GRANT USAGE ON SCHEMA redshift_compat TO PUBLIC;
