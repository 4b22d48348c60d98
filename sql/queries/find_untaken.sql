-- The places at which arrivals wait for a run that were noted before a time.
-- Parameters: noted_before timestamptz
-- Returns:    place text, since timestamptz (of the oldest); by place
SELECT place, min(noted_at) AS since
FROM data_arrivals
WHERE starts AND run_id IS NULL AND noted_at < %(noted_before)s
GROUP BY place
ORDER BY place COLLATE "C";
