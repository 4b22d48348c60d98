-- A page of decisions, of one model or of all, that comes before a place in their list, which begins with the newest.
-- Parameters: model_name text (NULL for all models), since timestamptz and until timestamptz (excluded; NULL for no
--             end), answered text (fired, blocked, quiet; empty for all), at timestamptz, at_model text and at_run text
--             (the place; NULL for an end of the list), most integer
-- Returns:    columns of retraining_decisions, as_of, dry_run, requested_by, champion_version, rows, labelled_rows,
--             event_id and event_status (NULL where it did not fire), mark (what people said of it); oldest first: the
--             page before, upside down
SELECT
    d.*, r.as_of, r.dry_run, r.requested_by, r.champion_version, r.rows, r.labelled_rows, e.id AS event_id,
    e.status AS event_status, said.verdict AS mark
FROM (
    SELECT * FROM retraining_decisions
    WHERE (%(model_name)s::text IS NULL OR model_name = %(model_name)s)
      AND (%(since)s::timestamptz IS NULL OR decided_at >= %(since)s)
      AND (%(until)s::timestamptz IS NULL OR decided_at < %(until)s)
      AND (%(answered)s::text <> 'fired' OR triggered)
      AND (%(answered)s::text <> 'blocked' OR (NOT triggered AND blocked_by <> '[]'))
      AND (%(answered)s::text <> 'quiet' OR (NOT triggered AND blocked_by = '[]'))
      AND (%(at)s::timestamptz IS NULL
           OR (decided_at, model_name, run_id) > (%(at)s, %(at_model)s::text, %(at_run)s::text))
    ORDER BY decided_at ASC, model_name ASC, run_id ASC
    LIMIT %(most)s
) d
JOIN retraining_runs r USING (model_name, run_id)
LEFT JOIN model_retraining_events e USING (model_name, run_id)
LEFT JOIN LATERAL (
    SELECT m.verdict FROM decision_marks m WHERE m.model_name = d.model_name AND m.run_id = d.run_id
    ORDER BY m.id DESC
    LIMIT 1
) said ON true
ORDER BY d.decided_at ASC, d.model_name ASC, d.run_id ASC;
