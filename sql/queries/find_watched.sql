-- Of each registered model the latest check, as far as it says how the monitor itself is; no dry runs.
-- Parameters: before timestamptz (checks from then on are of a time to come and left out; NULL for all)
-- Returns:    model_name, run_id, checked_at, rows, labelled_rows, labelled_at (that check, or the last of twenty that
--             saw labels), earlier_share (of labels, 30 days before), stale (what it says of a source that stopped),
--             reach (how far back its recent rows go; NULL without timestamps)
SELECT j.model_name, last.run_id, last.analyzed_at AS checked_at, last.rows, last.labelled_rows,
       CASE WHEN last.labelled_rows > 0 THEN last.analyzed_at ELSE seen.labelled_at END AS labelled_at,
       earlier.share AS earlier_share, coalesce(stale.reason, '') AS stale,
       last.window_end - last.window_start AS reach
FROM auto_retraining_jobs j
CROSS JOIN LATERAL (
    SELECT r.* FROM retraining_runs r
    WHERE r.model_name = j.model_name AND NOT r.dry_run AND r.as_of < coalesce(%(before)s::timestamptz, 'infinity')
    ORDER BY r.as_of DESC LIMIT 1
) last
LEFT JOIN LATERAL (
    SELECT r.analyzed_at AS labelled_at FROM (
        SELECT * FROM retraining_runs k
        WHERE k.model_name = j.model_name AND k.as_of < coalesce(%(before)s::timestamptz, 'infinity')
        ORDER BY k.as_of DESC LIMIT 20
    ) r WHERE r.labelled_rows > 0 ORDER BY r.as_of DESC LIMIT 1
) seen ON last.labelled_rows = 0
LEFT JOIN LATERAL (
    SELECT r.labelled_rows::double precision / nullif(r.rows, 0) AS share FROM retraining_runs r
    WHERE r.model_name = j.model_name AND r.as_of <= last.as_of - interval '30 days' AND NOT r.dry_run
    ORDER BY r.as_of DESC LIMIT 1
) earlier ON true
LEFT JOIN LATERAL (
    SELECT s.reason FROM model_drift_monitoring s
    WHERE s.model_name = last.model_name AND s.run_id = last.run_id AND s.as_of = last.as_of
      AND s.kind = 'data_quality' AND s.feature = '' AND s.statistic = 'staleness' AND s.verdict = 'changed'
) stale ON true
ORDER BY j.model_name COLLATE "C";
