-- What a page of the fleet shows of its models beside their state.
-- Parameters: model_names text[], run_ids text[] and as_ofs timestamptz[] (of the last check of each, or NULL),
--             since timestamptz (begin of the quarter), before timestamptz (a check from then on is of a time to come),
--             most integer (values of a sparkline)
-- Returns:    model_name, promised, sparkline double precision[] (oldest first, NULL where not measured), value (the
--             newest of today's champion; NULL where it was not measured since), row_age (seconds, of the newest row),
--             retrains, seconds (of training), training_cost (of one, as the model file says), open_requests
SELECT
    page.model_name,
    (champion.baseline -> 'scores' ->> j.metric)::double precision AS promised,
    course.sparkline, course.value, stale.value AS row_age, spent.retrains, spent.seconds,
    (j.config #>> '{policy,costs,training}')::double precision AS training_cost,
    (SELECT count(*) FROM retraining_requests q WHERE q.model_name = page.model_name AND q.run_id IS NULL)
        AS open_requests
FROM unnest(%(model_names)s::text[], %(run_ids)s::text[], %(as_ofs)s::timestamptz[]) AS page (model_name, run_id, as_of)
JOIN auto_retraining_jobs j USING (model_name)
LEFT JOIN model_version_management champion ON champion.model_name = j.model_name AND champion.status = 'champion'
LEFT JOIN LATERAL (
    SELECT array_agg(m.value ORDER BY c.as_of, c.run_id COLLATE "C") AS sparkline,
           (array_agg(m.value ORDER BY c.as_of DESC, c.run_id COLLATE "C" DESC)
            FILTER (WHERE m.value IS NOT NULL AND m.version = champion.version))[1] AS value
    FROM (
        SELECT r.run_id, r.as_of, r.champion_version FROM retraining_runs r
        WHERE r.model_name = page.model_name AND NOT r.dry_run AND r.as_of < %(before)s
        ORDER BY r.as_of DESC, r.run_id COLLATE "C" DESC
        LIMIT %(most)s
    ) c
    LEFT JOIN model_performance_tracking m ON m.model_name = page.model_name AND m.run_id = c.run_id
        AND m.as_of = c.as_of AND m.version = c.champion_version AND m.metric = j.metric
) course ON true
LEFT JOIN model_drift_monitoring stale ON stale.model_name = page.model_name AND stale.run_id = page.run_id
    AND stale.as_of = page.as_of AND stale.kind = 'data_quality' AND stale.feature = ''
    AND stale.statistic = 'staleness'
LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE e.training_duration IS NOT NULL) AS retrains,
           coalesce(sum(e.training_duration), 0) AS seconds
    FROM model_retraining_events e
    WHERE e.model_name = page.model_name AND e.triggered_at >= %(since)s
) spent ON true;
