-- What a scraper of metrics sees of the whole system.
-- Parameters: none
-- Returns:    one row: last_check_at (NULL for never), open_requests, oldest_request_at (NULL for none), open_events
SELECT
    (SELECT max(analyzed_at) FROM retraining_runs) AS last_check_at,
    (SELECT count(*) FROM retraining_requests WHERE run_id IS NULL) AS open_requests,
    (SELECT min(requested_at) FROM retraining_requests WHERE run_id IS NULL) AS oldest_request_at,
    (SELECT count(*) FROM model_retraining_events WHERE status IN ('decided', 'executing')) AS open_events;
