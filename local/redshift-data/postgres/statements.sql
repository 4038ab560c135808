-- What the Data API remembers. It lives beside the data so that a statement's outcome commits with its work.
CREATE SCHEMA IF NOT EXISTS data_api;

CREATE TABLE IF NOT EXISTS data_api.statement (
  id text PRIMARY KEY,
  created_at timestamptz NOT NULL,
  body jsonb NOT NULL
);

CREATE TABLE IF NOT EXISTS data_api.result_page (
  statement_id text NOT NULL REFERENCES data_api.statement ON DELETE CASCADE,
  query_number integer NOT NULL,
  page_number integer NOT NULL,
  records jsonb NOT NULL,
  PRIMARY KEY (statement_id, query_number, page_number)
);
