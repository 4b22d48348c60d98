-- Who these records are.
-- Parameters: none
-- Returns:    one row: id text
SELECT id::text FROM records_identity;
