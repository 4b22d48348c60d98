-- Each model as its last check and its last event left it: what its health follows from, and what a fleet is sorted by.
-- Dry runs and checks of a time to come count for nothing. What the last check said of a former champion is not said
-- of today's.
-- Parameters: model_name text (NULL for all models), search text (part of name or owner; empty for all), tag text and
--             owner text (empty for all), since timestamptz (probations of checks before it are over), before
--             timestamptz (a check from then on is of a time to come)
-- Returns:    model_name, owner, tags, metric, enabled, check_every interval, version and champion_since (NULL without
--             a champion), run_id, as_of, decided_at, triggered, trigger_type, severity, reason, recommendation,
--             blocked_by, broken, rows, labelled_rows, seen_version (the champion then; all NULL before the first
--             check), nearest_trigger, nearness, harmed (of today's champion), new_champion (no check has looked at
--             it), last_event (a status; NULL for none), in_shadow, on_probation, ahead timestamptz (of the farthest
--             check of a time to come; NULL for none); by model name
SELECT
    j.model_name, j.owner, j.tags, j.metric, j.enabled, j.check_every::interval AS check_every,
    champion.version, champion.status_changed_at AS champion_since,
    last.*, ended.status AS last_event,
    last.run_id IS NOT NULL AND last.seen_version IS DISTINCT FROM champion.version AS new_champion,
    EXISTS (
        SELECT FROM model_version_management s
        WHERE s.model_name = j.model_name AND s.status = 'candidate' AND s.shadow_checks IS NOT NULL
    ) AS in_shadow,
    EXISTS (
        SELECT FROM model_drift_monitoring p
        WHERE p.model_name = j.model_name AND p.kind = 'probation' AND p.as_of = last.as_of AND p.run_id = last.run_id
          AND p.as_of >= %(since)s AND p.verdict <> 'changed'
    ) AS on_probation,
    (SELECT max(r.as_of) FROM retraining_runs r
     WHERE r.model_name = j.model_name AND NOT r.dry_run AND r.as_of >= %(before)s) AS ahead
FROM auto_retraining_jobs j
LEFT JOIN model_version_management champion ON champion.model_name = j.model_name AND champion.status = 'champion'
LEFT JOIN LATERAL (
    SELECT
        r.run_id, r.as_of, r.rows, r.labelled_rows, r.champion_version AS seen_version,
        d.decided_at, d.triggered, d.trigger_type, d.severity, d.reason, d.recommendation, d.blocked_by,
        d.cause = 'data_quality' AS broken,
        CASE WHEN of_today.champion THEN d.nearest_trigger END AS nearest_trigger,
        CASE WHEN of_today.champion THEN d.nearness END AS nearness,
        of_today.champion AND d.triggers @> '[{"trigger": "performance", "fired": true}]' AS harmed
    FROM retraining_runs r
    JOIN retraining_decisions d USING (model_name, run_id)
    CROSS JOIN LATERAL (SELECT r.champion_version IS NOT DISTINCT FROM champion.version AS champion) of_today
    WHERE r.model_name = j.model_name AND NOT r.dry_run AND r.as_of < %(before)s
    ORDER BY r.as_of DESC, r.run_id COLLATE "C" DESC
    LIMIT 1
) last ON true
LEFT JOIN LATERAL (
    SELECT e.status FROM model_retraining_events e
    WHERE e.model_name = j.model_name AND e.status NOT IN ('decided', 'executing', 'dry_run') AND e.as_of < %(before)s
    ORDER BY e.triggered_at DESC, e.id DESC
    LIMIT 1
) ended ON true
WHERE (%(model_name)s::text IS NULL OR j.model_name = %(model_name)s)
  AND (%(search)s = '' OR strpos(lower(j.model_name || ' ' || j.owner), lower(%(search)s)) > 0)
  AND (%(tag)s = '' OR j.tags @> to_jsonb(%(tag)s::text))
  AND (%(owner)s = '' OR j.owner = %(owner)s)
ORDER BY j.model_name COLLATE "C";
