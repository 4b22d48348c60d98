-- Drop one month of signals, measurements or analyses, and note it; waits half a second for a lock at most.
-- Parameters: table_name text, month timestamptz, by text
-- Returns:    columns of dropped_months; no row where the month is not there
SELECT * FROM drop_month(%(table_name)s::text, %(month)s::timestamptz, %(by)s::text);
