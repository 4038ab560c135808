-- What the Data API remembers. It lives beside the data so that a statement's outcome commits with its work.
CREATE SCHEMA IF NOT EXISTS data_api;

CREATE TABLE IF NOT EXISTS data_api.statement (
  id text PRIMARY KEY,
  created_at timestamptz NOT NULL,
  body jsonb NOT NULL
);

-- What COPY leaves of its failures, in the columns of Redshift's system views.
CREATE TABLE IF NOT EXISTS data_api.load_error (
  query_id bigint NOT NULL,
  session_id integer NOT NULL,
  start_time timestamp NOT NULL,
  file_name text NOT NULL,
  line_number bigint NOT NULL,
  column_name text NOT NULL,
  column_type text NOT NULL,
  error_code integer NOT NULL,
  error_message text NOT NULL
);

-- As in Redshift, everybody finds these without a schema's name.
CREATE OR REPLACE VIEW redshift_compat.sys_load_error_detail AS
SELECT query_id, session_id, start_time, file_name, line_number, column_name,
       regexp_replace(column_type, '\(.*', '') AS column_type, substring(column_type FROM '\((.*)\)') AS column_length,
       error_code, error_message
FROM data_api.load_error;

CREATE OR REPLACE VIEW redshift_compat.stl_load_errors AS
SELECT query_id AS query, session_id AS session, start_time AS starttime, file_name AS filename, line_number,
       column_name AS colname, regexp_replace(column_type, '\(.*', '') AS type,
       substring(column_type FROM '\((.*)\)') AS col_length, error_code AS err_code, error_message AS err_reason
FROM data_api.load_error;

CREATE OR REPLACE VIEW redshift_compat.svv_relation_privileges AS
SELECT namespaces.nspname::text AS namespace_name, relations.relname::text AS relation_name, acl.privilege_type,
       acl.grantee::bigint AS identity_id, coalesce(roles.rolname::text, 'public') AS identity_name,
       CASE WHEN roles.rolname IS NULL THEN 'public' WHEN roles.rolcanlogin THEN 'user' ELSE 'group' END AS identity_type,
       acl.is_grantable AS admin_option
FROM pg_catalog.pg_class AS relations
JOIN pg_catalog.pg_namespace AS namespaces ON namespaces.oid = relations.relnamespace
CROSS JOIN LATERAL aclexplode(relations.relacl) AS acl
LEFT JOIN pg_catalog.pg_roles AS roles ON roles.oid = acl.grantee
WHERE acl.grantee <> relations.relowner;

GRANT SELECT ON
  redshift_compat.sys_load_error_detail, redshift_compat.stl_load_errors, redshift_compat.svv_relation_privileges
TO PUBLIC;

CREATE TABLE IF NOT EXISTS data_api.result_page (
  statement_id text NOT NULL REFERENCES data_api.statement ON DELETE CASCADE,
  query_number integer NOT NULL,
  page_number integer NOT NULL,
  records jsonb NOT NULL,
  PRIMARY KEY (statement_id, query_number, page_number)
);
