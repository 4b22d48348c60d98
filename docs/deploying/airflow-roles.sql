-- Airflow's own database, of a role that is no superuser; run once, when the server is first started.
\set ON_ERROR_STOP on
\getenv password AIRFLOW_DB_PASSWORD
CREATE ROLE airflow LOGIN PASSWORD :'password';
CREATE DATABASE airflow OWNER airflow ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE airflow FROM PUBLIC;
