-- The models with requests that wait.
-- Parameters: none
-- Returns:    model_name, requests, since (when the oldest was made), by model
SELECT model_name, count(*) AS requests, min(requested_at) AS since
FROM retraining_requests
WHERE run_id IS NULL
GROUP BY model_name
ORDER BY model_name COLLATE "C";
