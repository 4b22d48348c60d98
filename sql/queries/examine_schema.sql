-- Which files of sql/schema and sql/migrations these records have.
-- Parameters: none
-- Returns:    rows of schema_migrations: name text, sha256 text, applied_at timestamptz
SELECT name, sha256, applied_at FROM schema_migrations ORDER BY name;
