-- Requests, all or only what a decision of one run may see: those that wait, and those that the run has consumed.
-- Parameters: model_name text (NULL for all models), run_id text (NULL for all requests)
-- Returns:    rows of retraining_requests, oldest first
SELECT * FROM retraining_requests
WHERE (%(model_name)s::text IS NULL OR model_name = %(model_name)s)
  AND (%(run_id)s::text IS NULL OR run_id IS NULL OR run_id = %(run_id)s)
ORDER BY id;
