-- The database of the records and who may log in to it, none a superuser; run once, when the server is first started.
-- What writer, reader and scraper may do is granted by `python -m include.cli migrate` to the roles that they are
-- members of (sql/schema/09_roles.sql); the owner migrates and removes old months.
\set ON_ERROR_STOP on
\getenv owner RETRAINING_OWNER_PASSWORD
\getenv writer RETRAINING_WRITER_PASSWORD
\getenv reader RETRAINING_READER_PASSWORD
\getenv scraper RETRAINING_SCRAPER_PASSWORD
CREATE ROLE retraining_writer NOLOGIN;
CREATE ROLE retraining_reader NOLOGIN;
CREATE ROLE retraining_metrics NOLOGIN;
CREATE ROLE owner LOGIN PASSWORD :'owner';
CREATE ROLE writer LOGIN PASSWORD :'writer' IN ROLE retraining_writer;
CREATE ROLE reader LOGIN PASSWORD :'reader' IN ROLE retraining_reader;
CREATE ROLE scraper LOGIN PASSWORD :'scraper' IN ROLE retraining_metrics;
CREATE DATABASE retraining OWNER owner ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE retraining FROM PUBLIC;
GRANT CONNECT ON DATABASE retraining TO writer, reader, scraper;
