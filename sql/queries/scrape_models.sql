-- Each registered model as a scraper of metrics sees it. Dry runs and checks of a time to come count for nothing.
-- Parameters: at timestamptz (now), before timestamptz (a check from then on is of a time to come)
-- Returns:    model_name, trained_at (when the champion was), champion_since, nearest_trigger and nearness (NULL where
--             the last check looked at another champion than today's), missed (whole
--             intervals since the last check; 0 for a model that is disabled or was never checked), looked_at and
--             row_age (seconds, of the newest row then; NULL where that is not known), successful and seconds (of the
--             last training that ended), allowed (false retrains a quarter), and what find_watched returns (run_id is
--             NULL for a model that was never checked); by model
SELECT
    j.model_name, champion.created_at AS trained_at, champion.status_changed_at AS champion_since,
    last.nearest_trigger, last.nearness,
    CASE WHEN j.enabled THEN
        greatest(0, coalesce(floor(
            extract(epoch FROM %(at)s::timestamptz - last.analyzed_at)
            / extract(epoch FROM j.check_every::interval)), 0))
    ELSE 0 END::bigint AS missed,
    last.as_of AS looked_at, stale.value AS row_age, trained.successful, trained.seconds,
    j.false_retrains_per_quarter AS allowed,
    last.run_id, last.analyzed_at AS checked_at, last.rows, last.labelled_rows,
    CASE WHEN last.labelled_rows > 0 THEN last.analyzed_at ELSE seen.labelled_at END AS labelled_at,
    earlier.share AS earlier_share, CASE stale.verdict WHEN 'changed' THEN stale.reason ELSE '' END AS stale,
    last.window_end - last.window_start AS reach
FROM auto_retraining_jobs j
LEFT JOIN model_version_management champion ON champion.model_name = j.model_name AND champion.status = 'champion'
LEFT JOIN LATERAL (
    SELECT
        r.run_id, r.as_of, r.analyzed_at, r.window_start, r.window_end, r.rows, r.labelled_rows,
        d.nearest_trigger, d.nearness
    FROM retraining_runs r
    LEFT JOIN retraining_decisions d ON d.model_name = r.model_name AND d.run_id = r.run_id
        AND r.champion_version IS NOT DISTINCT FROM champion.version
    WHERE r.model_name = j.model_name AND NOT r.dry_run AND r.as_of < %(before)s
    ORDER BY r.as_of DESC, r.run_id COLLATE "C" DESC
    LIMIT 1
) last ON true
LEFT JOIN model_drift_monitoring stale ON stale.model_name = j.model_name AND stale.run_id = last.run_id
    AND stale.as_of = last.as_of AND stale.kind = 'data_quality' AND stale.feature = ''
    AND stale.statistic = 'staleness'
LEFT JOIN LATERAL (
    SELECT r.analyzed_at AS labelled_at FROM (
        SELECT * FROM retraining_runs k
        WHERE k.model_name = j.model_name AND k.as_of < %(before)s ORDER BY k.as_of DESC LIMIT 20
    ) r WHERE r.labelled_rows > 0 ORDER BY r.as_of DESC LIMIT 1
) seen ON last.labelled_rows = 0
LEFT JOIN LATERAL (
    SELECT r.labelled_rows::double precision / nullif(r.rows, 0) AS share FROM retraining_runs r
    WHERE r.model_name = j.model_name AND r.as_of <= last.as_of - interval '30 days' AND NOT r.dry_run
    ORDER BY r.as_of DESC LIMIT 1
) earlier ON true
LEFT JOIN LATERAL (
    SELECT e.execution_successful AS successful, e.training_duration AS seconds FROM model_retraining_events e
    WHERE e.model_name = j.model_name AND e.training_duration IS NOT NULL AND e.as_of < %(before)s
      AND e.status IN ('promoted', 'held', 'rejected', 'failed', 'abandoned')
    ORDER BY e.triggered_at DESC, e.id DESC
    LIMIT 1
) trained ON true
ORDER BY j.model_name COLLATE "C";
