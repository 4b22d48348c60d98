-- What a scraper of metrics sees of the whole system.
-- Parameters: none
-- Returns:    one row: last_check_at (NULL for never), open_requests, oldest_request_at (NULL for none), open_events
SELECT
    (SELECT max(analyzed_at) FROM retraining_runs) AS last_check_at,
    waiting.open_requests, waiting.oldest_request_at,
    (SELECT count(*) FROM model_retraining_events WHERE status IN ('decided', 'executing')) AS open_events
FROM (
    SELECT count(*) AS open_requests, min(requested_at) AS oldest_request_at FROM retraining_requests
    WHERE run_id IS NULL
) waiting;
