-- A page of events, of one model or of all, that comes after a place in their list, which begins with the newest.
-- Parameters: model_name text (NULL for all models), since timestamptz and until timestamptz (excluded; NULL for no
--             end), status text (empty for all), at timestamptz and at_id bigint (the place; NULL for an end of the
--             list), most integer
-- Returns:    rows of model_retraining_events, and metric (which decides now; NULL for none on record); newest first
SELECT e.*, j.metric
FROM model_retraining_events e
LEFT JOIN auto_retraining_jobs j USING (model_name)
WHERE (%(model_name)s::text IS NULL OR e.model_name = %(model_name)s)
  AND (%(since)s::timestamptz IS NULL OR triggered_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR triggered_at < %(until)s)
  AND (%(status)s::text = '' OR status = %(status)s)
  AND (%(at)s::timestamptz IS NULL OR (triggered_at, id) < (%(at)s, %(at_id)s::bigint))
ORDER BY triggered_at DESC, id DESC
LIMIT %(most)s;
