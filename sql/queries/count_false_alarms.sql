-- Retrains of a period of which the last mark says that they were false alarms; no dry runs.
-- Parameters: since timestamptz, until timestamptz (excluded): when they were decided
-- Returns:    model_name, false_alarms; by model, none for a model without any
SELECT m.model_name, count(*) AS false_alarms
FROM decision_marks m
JOIN model_retraining_events e ON e.model_name = m.model_name AND e.run_id = m.run_id AND NOT e.dry_run
WHERE m.marked_at >= %(since)s::timestamptz - interval '1 day'  -- as in find_marks
  AND m.verdict = 'false_alarm' AND e.triggered_at >= %(since)s AND e.triggered_at < %(until)s
  AND NOT EXISTS (
    SELECT FROM decision_marks later
    WHERE later.model_name = m.model_name AND later.run_id = m.run_id AND later.id > m.id
      AND later.marked_at >= %(since)s::timestamptz - interval '1 day')
GROUP BY m.model_name
ORDER BY m.model_name COLLATE "C";
