-- Let nobody else write about this model and run until the transaction ends.
-- Parameters: model_name text, run_id text
-- Returns:    one row, without meaning
SELECT pg_advisory_xact_lock(
    hashtextextended('records of ' || %(model_name)s::text || ' in ' || %(run_id)s::text, 0));
