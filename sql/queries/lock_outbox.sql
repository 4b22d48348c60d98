-- Let nobody else write notifications until the transaction ends.
-- Parameters: none
-- Returns:    one row, without meaning
SELECT pg_advisory_xact_lock(hashtextextended('outbox of the records', 0));
