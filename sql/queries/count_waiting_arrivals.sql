-- Whether arrivals at a place wait for a run.
-- Parameters: place text
-- Returns:    waiting int
SELECT count(*)::int AS waiting FROM data_arrivals WHERE place = %(place)s AND starts AND run_id IS NULL;
