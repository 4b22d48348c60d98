-- The last state of a watched place that was written down.
-- Parameters: place text
-- Returns:    a row of data_arrivals, and last_start: when it last had a change that starts a run; none for a new place
SELECT a.*, (SELECT max(s.noted_at) FROM data_arrivals s WHERE s.place = a.place AND s.starts) AS last_start
FROM data_arrivals a
WHERE a.place = %(place)s
ORDER BY a.ordinal DESC
LIMIT 1;
