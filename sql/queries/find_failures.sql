-- The latest failures of a period.
-- Parameters: since timestamptz, until timestamptz (excluded), model_name text (NULL for all models),
--             run_id text (NULL for all runs), most integer
-- Returns:    rows of retraining_failures, newest first
SELECT * FROM retraining_failures
WHERE failed_at >= %(since)s AND failed_at < %(until)s
  AND (%(model_name)s::text IS NULL OR model_name = %(model_name)s)
  AND (%(run_id)s::text IS NULL OR run_id = %(run_id)s)
ORDER BY failed_at DESC, id DESC
LIMIT %(most)s;
