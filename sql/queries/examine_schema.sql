-- Which files of sql/schema were applied to these records.
-- Parameters: none
-- Returns:    rows of schema_migrations: name text, sha256 text
SELECT name, sha256 FROM schema_migrations ORDER BY name;
