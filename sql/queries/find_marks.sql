-- The last mark of each marked decision of a period.
-- Parameters: since timestamptz, until timestamptz (excluded), model_name text (NULL for all models)
-- Returns:    rows of decision_marks, with trigger_type, decided_at and counts (whether it is a retrain, and no dry
--             run); in order of the decisions
SELECT m.*, d.trigger_type, d.decided_at, d.triggered AND NOT r.dry_run AS counts
FROM decision_marks m
JOIN retraining_decisions d ON d.model_name = m.model_name AND d.run_id = m.run_id
JOIN retraining_runs r ON r.model_name = m.model_name AND r.run_id = m.run_id
WHERE m.marked_at >= %(since)s::timestamptz - interval '1 day'  -- nobody marks what is not decided; clocks may differ
  AND d.decided_at >= %(since)s AND d.decided_at < %(until)s
  AND (%(model_name)s::text IS NULL OR m.model_name = %(model_name)s)
  AND NOT EXISTS (
    SELECT FROM decision_marks later
    WHERE later.model_name = m.model_name AND later.run_id = m.run_id AND later.id > m.id)
ORDER BY d.decided_at, m.model_name COLLATE "C", m.run_id COLLATE "C";
