-- Requests for a model: those that wait, and the latest of the others.
-- Parameters: model_name text, most integer
-- Returns:    rows of retraining_requests, newest first
(SELECT * FROM retraining_requests WHERE model_name = %(model_name)s AND run_id IS NULL)
UNION ALL
(SELECT * FROM retraining_requests WHERE model_name = %(model_name)s AND run_id IS NOT NULL
 ORDER BY id DESC LIMIT %(most)s)
ORDER BY id DESC;
