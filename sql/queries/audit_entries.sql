-- What happened in a period: each decision that fired, who approved it and how it ended, each change of champion and
-- who was told, each probation look that came to a verdict, each check of a version in shadow that counts and the end
-- of a shadow by a change of champion, each quarantine and its lifting, each request and its being consumed, each step
-- that failed, and what people said: pauses, mutes, annotations, marks of decisions; and each month that
-- retention removed, which is of all models.
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
    UNION ALL
    SELECT
        f.failed_at, f.model_name, 'step_failed', f.requested_by, concat(f.error_type, ': ', f.error), f.run_id, NULL,
        NULL, NULL, NULL, NULL, NULL, NULL, NULL,
        concat(f.step, CASE WHEN f.permanent THEN ', trying again cannot help' END), 'retraining_failures', f.id, 0
    FROM retraining_failures f
    UNION ALL
    SELECT
        p.set_at, p.model_name, CASE WHEN p.paused THEN 'paused' ELSE 'resumed' END, p.set_by, p.reason, NULL, NULL,
        NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'model_pauses', p.id, 6
    FROM model_pauses p
    UNION ALL
    SELECT
        m.muted_at, m.model_name, 'muted', m.muted_by, m.reason, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
        m.muted_until, 'nobody is told meanwhile', 'notification_mutes', m.id, 6
    FROM notification_mutes m
    UNION ALL
    SELECT
        m.lifted_at, m.model_name, 'unmuted', m.lifted_by, m.lift_reason, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
        NULL, NULL, NULL, 'notification_mutes', m.id, 7
    FROM notification_mutes m
    WHERE m.lifted_at IS NOT NULL
    UNION ALL
    SELECT
        a.written_at, a.model_name, 'annotated', a.written_by, a.text, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
        a.about, NULL, NULL, 'model_annotations', a.id, 6
    FROM model_annotations a
    UNION ALL
    SELECT
        k.marked_at, k.model_name, 'decision_marked', k.marked_by, k.reason, k.run_id, e.id, e.version,
        e.champion_version, NULL, NULL, NULL, NULL, NULL, replace(k.verdict, '_', ' '), 'decision_marks', k.id, 6
    FROM decision_marks k
    LEFT JOIN model_retraining_events e ON e.model_name = k.model_name AND e.run_id = k.run_id
    UNION ALL
    SELECT
        m.dropped_at, '', 'month_removed', m.dropped_by, concat('retention of ', m.table_name), NULL, NULL, NULL, NULL,
        NULL, NULL, m.rows, m.month, m.month + interval '1 month', 'of all models', 'dropped_months', m.id, 8
    FROM dropped_months m
) entries
WHERE at >= %(since)s AND at < %(until)s
  AND (%(model_name)s::text IS NULL OR model_name = %(model_name)s OR source = 'dropped_months')
ORDER BY at, model_name COLLATE "C", step, source, source_id;
