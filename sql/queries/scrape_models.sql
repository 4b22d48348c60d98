-- Each registered model as a scraper of metrics sees it. Dry runs count for nothing.
-- Parameters: at timestamptz (now)
-- Returns:    model_name, trained_at (when the champion was), champion_since, nearest_trigger, nearness, paused, missed
--             (whole intervals since the last check; 0 for a model that is paused, disabled or was never checked),
--             looked_at and row_age (seconds, of the newest row then; NULL where that is not known), labels_until (the
--             last of twenty checks that saw labels, where the last one saw none), successful and seconds (of the last
--             training that ended), allowed (false retrains a quarter); by model
SELECT
    j.model_name, champion.created_at AS trained_at, champion.status_changed_at AS champion_since,
    last.nearest_trigger, last.nearness, coalesce(pause.paused, false) AS paused,
    CASE WHEN j.enabled AND pause.paused IS NOT TRUE THEN
        greatest(0, coalesce(floor(
            extract(epoch FROM %(at)s::timestamptz - last.analyzed_at)
            / extract(epoch FROM j.check_every::interval)), 0))
    ELSE 0 END::bigint AS missed,
    last.as_of AS looked_at, stale.value AS row_age, seen.labels_until, trained.successful, trained.seconds,
    (j.config #>> '{effective,settings,false_retrains_per_quarter}')::double precision AS allowed
FROM auto_retraining_jobs j
LEFT JOIN model_version_management champion ON champion.model_name = j.model_name AND champion.status = 'champion'
LEFT JOIN LATERAL (
    SELECT r.run_id, r.as_of, r.analyzed_at, r.rows, r.labelled_rows, d.nearest_trigger, d.nearness
    FROM retraining_runs r
    LEFT JOIN retraining_decisions d USING (model_name, run_id)
    WHERE r.model_name = j.model_name AND NOT r.dry_run
    ORDER BY r.as_of DESC, r.run_id COLLATE "C" DESC
    LIMIT 1
) last ON true
LEFT JOIN LATERAL (
    SELECT paused FROM model_pauses p WHERE p.model_name = j.model_name ORDER BY p.id DESC LIMIT 1
) pause ON true
LEFT JOIN model_drift_monitoring stale ON stale.model_name = j.model_name AND stale.run_id = last.run_id
    AND stale.as_of = last.as_of AND stale.kind = 'data_quality' AND stale.feature = ''
    AND stale.statistic = 'staleness'
LEFT JOIN LATERAL (
    SELECT max(r.analyzed_at) AS labels_until FROM (
        SELECT * FROM retraining_runs k WHERE k.model_name = j.model_name ORDER BY k.as_of DESC LIMIT 20
    ) r WHERE r.labelled_rows > 0 AND last.rows > 0 AND last.labelled_rows = 0
) seen ON last.labelled_rows = 0
LEFT JOIN LATERAL (
    SELECT e.execution_successful AS successful, e.training_duration AS seconds FROM model_retraining_events e
    WHERE e.model_name = j.model_name AND e.training_duration IS NOT NULL
      AND e.status IN ('promoted', 'held', 'rejected', 'failed', 'abandoned')
    ORDER BY e.triggered_at DESC, e.id DESC
    LIMIT 1
) trained ON true
ORDER BY j.model_name COLLATE "C";
