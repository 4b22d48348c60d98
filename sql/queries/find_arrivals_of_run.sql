-- The arrivals that a run has taken, also in a try before this one.
-- Parameters: run_id text
-- Returns:    rows of data_arrivals, oldest first; last_start is NULL
SELECT a.*, NULL::timestamptz AS last_start FROM data_arrivals a WHERE a.run_id = %(run_id)s ORDER BY a.id;
