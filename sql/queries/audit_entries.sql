-- What happened in a period: each decision that fired, who approved it and how it ended, each change of champion and
-- who was told, each probation look that came to a verdict, each check of a version in shadow that counts and the end
-- of a shadow by a change of champion, each quarantine and its lifting, each request and its being consumed.
-- Parameters: since timestamptz, until timestamptz (excluded), model_name text (NULL for all models)
-- Returns:    at, model_name, action, who, why, run_id, event_id, version (the one it is about), other_version (the
--             champion until then), data_path, data_hash, data_rows, data_from, data_until, outcome, and source and
--             source_id (table and row that say so); in order of time
SELECT * FROM (
    SELECT
        e.triggered_at AS at, e.model_name, 'decided' AS action, e.requested_by AS who,
        concat_ws('; requested: ', e.trigger_reason, nullif(e.request_reason, '')) AS why,
        e.run_id, e.id AS event_id, e.version, e.champion_version AS other_version,
        NULL AS data_path, run.data_hash AS data_hash, run.rows AS data_rows,
        run.window_start AS data_from, run.window_end AS data_until,
        concat_ws(', ', e.severity, e.status) AS outcome,
        'model_retraining_events' AS source, e.id AS source_id, 1 AS step
    FROM model_retraining_events e
    JOIN retraining_runs run USING (model_name, run_id)
    UNION ALL
    SELECT
        e.approved_at, e.model_name, 'approved', e.approved_by, e.trigger_reason,
        e.run_id, e.id, e.version, e.champion_version,
        NULL, NULL, NULL, NULL, NULL, e.status, 'model_retraining_events', e.id, 1
    FROM model_retraining_events e
    WHERE e.approved_at IS NOT NULL
    UNION ALL
    SELECT
        e.execution_completed_at, e.model_name, e.status, e.requested_by, e.trigger_reason,
        e.run_id, e.id, e.version, e.champion_version,
        e.training_data_path, e.training_data_hash, e.training_data_size, NULL, v.data_until,
        concat_ws(': ', e.error_type, coalesce(e.outcome, e.error)),
        'model_retraining_events', e.id, 2
    FROM model_retraining_events e
    LEFT JOIN LATERAL (  -- by its key, however many events the period has
        SELECT * FROM model_version_management k WHERE k.model_name = e.model_name AND k.version = e.version LIMIT 1
    ) v ON true
    WHERE e.status NOT IN ('decided', 'executing', 'dry_run')
    UNION ALL
    SELECT
        d.deployed_at, d.model_name,
        CASE d.kind WHEN 'promotion' THEN 'deployed' WHEN 'rollback' THEN 'rolled_back'
                    WHEN 'return' THEN 'former_champion_returned' ELSE 'rolled_back_by_probation' END,
        d.deployed_by, d.reason, d.run_id, d.event_id, d.to_version, d.from_version,
        v.training_data_path, v.training_data_hash, v.training_data_size, NULL, v.data_until,
        concat('champion v', d.to_version), 'model_deployment_history', d.id, 3
    FROM model_deployment_history d
    LEFT JOIN LATERAL (
        SELECT * FROM model_version_management k WHERE k.model_name = d.model_name AND k.version = d.to_version LIMIT 1
    ) v ON true
    UNION ALL
    SELECT
        t.announced_at, d.model_name, 'announced', NULL, d.reason, t.run_id, d.event_id, d.to_version, d.from_version,
        NULL, NULL, NULL, NULL, NULL, 'downstream was told', 'champion_announcements', t.change_id, 4
    FROM champion_announcements t
    JOIN model_deployment_history d ON d.id = t.change_id
    UNION ALL
    SELECT
        run.analyzed_at, s.model_name, 'probation_look', run.requested_by, s.reason, s.run_id, NULL,
        (s.detail ->> 'version')::double precision::integer,
        (s.detail ->> 'predecessor')::double precision::integer,
        NULL, run.data_hash, (s.detail ->> 'rows')::double precision::bigint,
        run.window_start, run.window_end,
        CASE s.verdict WHEN 'changed' THEN 'failed' ELSE 'passed' END, 'model_drift_monitoring', s.id, 0
    FROM model_drift_monitoring s
    JOIN retraining_runs run USING (model_name, run_id, as_of)
    WHERE s.kind = 'probation' AND s.verdict IN ('stable', 'changed')
    UNION ALL
    SELECT
        run.analyzed_at, s.model_name, 'shadow_look', run.requested_by, s.reason, s.run_id, NULL,
        (s.detail ->> 'version')::double precision::integer,
        (s.detail ->> 'champion')::double precision::integer,
        NULL, run.data_hash, (s.detail ->> 'rows')::double precision::bigint,
        run.window_start, run.window_end,
        concat('check ', (s.detail ->> 'check')::double precision::integer,
               ' of ', (s.detail ->> 'checks')::double precision::integer), 'model_drift_monitoring', s.id, 0
    FROM model_drift_monitoring s
    JOIN retraining_runs run USING (model_name, run_id, as_of)
    WHERE s.kind = 'shadow' AND (s.detail ->> 'counted')::double precision = 1
    UNION ALL
    SELECT
        v.status_changed_at, v.model_name, 'shadow_ended', v.details #>> '{shadow,ended_by}',
        v.details #>> '{shadow,ended}', NULL, v.event_id, v.version, v.parent,
        v.training_data_path, v.training_data_hash, v.training_data_size, NULL, v.data_until, v.status,
        'model_version_management', v.event_id, 4
    FROM model_version_management v
    WHERE v.details #> '{shadow,ended_by}' IS NOT NULL
    UNION ALL
    SELECT
        q.quarantined_at, q.model_name, 'quarantined', run.requested_by, concat(q.feature, ': ', q.reason),
        q.run_id, NULL, NULL, q.champion_version, NULL, run.data_hash, NULL,
        q.span_start, q.span_end,
        CASE WHEN q.lifted_at IS NULL THEN 'in quarantine' ELSE 'lifted later' END, 'quarantined_spans', q.id, 0
    FROM quarantined_spans q
    JOIN retraining_runs run USING (model_name, run_id)
    UNION ALL
    SELECT
        q.lifted_at, q.model_name, 'quarantine_lifted', q.lifted_by, q.lift_reason,
        NULL, NULL, NULL, q.champion_version, NULL, NULL, NULL, q.span_start, q.span_end,
        concat(q.feature,
               CASE WHEN q.accepts THEN ': later rows may look like this, too' ELSE ': trained on again' END),
        'quarantined_spans', q.id, 5
    FROM quarantined_spans q
    WHERE q.lifted_at IS NOT NULL
    UNION ALL
    SELECT
        c.set_at, c.model_name, 'canary_set', c.set_by, c.reason, NULL, NULL, c.version, c.champion_version,
        NULL, NULL, NULL, NULL, NULL,
        CASE WHEN c.share > 0 THEN concat(c.share, ' per cent of the traffic') ELSE 'ended' END,
        'canary_shares', c.id, 6
    FROM canary_shares c
    UNION ALL
    SELECT
        r.requested_at, r.model_name, 'requested', r.requested_by, r.reason, r.run_id, NULL, NULL, NULL,
        NULL, NULL, NULL, NULL, NULL,
        concat(r.kind, CASE WHEN r.run_id IS NULL THEN ', waiting' ELSE ', consumed' END,
               CASE WHEN r.retry_of IS NOT NULL THEN concat(', try ', r.tries, ' of request ', r.retry_of) END),
        'retraining_requests', r.id, 0
    FROM retraining_requests r
    UNION ALL
    SELECT
        r.consumed_at, r.model_name, 'request_consumed', e.requested_by, r.reason, r.run_id, e.id, e.version,
        e.champion_version, NULL, NULL, NULL, NULL, NULL,
        concat(e.status, CASE WHEN r.gave_up IS NOT NULL THEN concat(', given up: ', r.gave_up) END),
        'retraining_requests', r.id, 1
    FROM retraining_requests r
    LEFT JOIN model_retraining_events e USING (model_name, run_id)
    WHERE r.consumed_at IS NOT NULL
) entries
WHERE at >= %(since)s AND at < %(until)s AND (%(model_name)s::text IS NULL OR model_name = %(model_name)s)
ORDER BY at, model_name COLLATE "C", step, source, source_id;
