-- Views for people and for the commands that read the records; the workflow does not need them.

CREATE VIEW auto_retraining_config AS
SELECT
    model_name,
    config -> 'effective' ->> 'environment' AS environment,
    config -> 'effective' ->> 'preset' AS preset,
    config -> 'effective' ->> 'model_type' AS model_type,
    config -> 'effective' -> 'training' ->> 'strategy' AS retraining_strategy,
    config ->> 'metric' AS metric,
    (config -> 'effective' -> 'settings' ->> 'performance_threshold')::double precision AS performance_threshold,
    (config -> 'effective' -> 'settings' ->> 'concept_drift_threshold')::double precision AS concept_drift_threshold,
    (config -> 'effective' -> 'settings' ->> 'outlier_share')::double precision AS outlier_share,
    config -> 'effective' -> 'settings' -> 'drift_thresholds' AS drift_thresholds,
    (config -> 'effective' -> 'settings' ->> 'performance_level')::double precision AS performance_level,
    (config -> 'effective' -> 'settings' ->> 'drift_level')::double precision AS drift_level,
    false_retrains_per_quarter,
    config -> 'effective' -> 'settings' ->> 'cooldown' AS cooldown,
    config -> 'effective' -> 'settings' ->> 'model_age' AS model_age,
    (config -> 'effective' -> 'settings' ->> 'data_volume')::double precision AS data_volume,
    config -> 'effective' -> 'settings' ->> 'schedule' AS schedule,
    config -> 'effective' -> 'policy' AS policy,
    config ->> 'check_every' AS check_every,
    config_hash,
    changed_at,
    last_seen_at
FROM auto_retraining_jobs;
COMMENT ON VIEW auto_retraining_config IS
    'The settings that a model''s policy came to when a run last saw it: preset, model file and environment together.';
COMMENT ON COLUMN auto_retraining_config.environment IS
    'Name of the environment whose settings were taken in; NULL for none.';
COMMENT ON COLUMN auto_retraining_config.preset IS 'Preset of the policy: conservative, balanced or aggressive.';
COMMENT ON COLUMN auto_retraining_config.model_type IS
    'Type of the model, for the defaults of its kind; NULL where none is named.';
COMMENT ON COLUMN auto_retraining_config.retraining_strategy IS 'full or incremental.';
COMMENT ON COLUMN auto_retraining_config.metric IS 'The metric that decides about the model.';
COMMENT ON COLUMN auto_retraining_config.performance_threshold IS
    'From which loss of performance on it may be retrained, as a share.';
COMMENT ON COLUMN auto_retraining_config.concept_drift_threshold IS
    'From which rise of the error on it may be retrained, as a share.';
COMMENT ON COLUMN auto_retraining_config.outlier_share IS 'From which share of outliers on it may be retrained.';
COMMENT ON COLUMN auto_retraining_config.drift_thresholds IS 'Fixed thresholds of drift statistics, by name.';
COMMENT ON COLUMN auto_retraining_config.performance_level IS 'Significance level of a loss of performance.';
COMMENT ON COLUMN auto_retraining_config.drift_level IS 'Significance level of drift.';
COMMENT ON COLUMN auto_retraining_config.false_retrains_per_quarter IS
    'How many retrains a quarter may be false alarms.';
COMMENT ON COLUMN auto_retraining_config.cooldown IS 'How long it is not retrained after a retrain.';
COMMENT ON COLUMN auto_retraining_config.model_age IS 'Age from which on it is retrained; NULL for no such rule.';
COMMENT ON COLUMN auto_retraining_config.data_volume IS
    'New rows from which on it is retrained; NULL for no such rule.';
COMMENT ON COLUMN auto_retraining_config.schedule IS 'Cron expression by which it is retrained; NULL for none.';
COMMENT ON COLUMN auto_retraining_config.policy IS 'The policy as a tree of triggers.';
COMMENT ON COLUMN auto_retraining_config.check_every IS 'How often it is looked at; NULL for every run.';

CREATE VIEW champion_periods AS
SELECT * FROM (
    SELECT
        model_name,
        to_version AS version,
        deployed_at AS since,
        lead(deployed_at) OVER following AS until,
        kind,
        from_version,
        deployed_by,
        reason,
        event_id,
        run_id,
        id AS change_id,
        lead(kind) OVER following AS ended_by,
        lead(id) OVER following AS ended_by_change_id
    FROM model_deployment_history
    WINDOW following AS (PARTITION BY model_name ORDER BY deployed_at, id)
) periods
WHERE version IS NOT NULL;
COMMENT ON VIEW champion_periods IS
    'One stretch of time in which a version was champion: from since on and before until. One that came back has '
    'several.';
COMMENT ON COLUMN champion_periods.version IS 'The champion.';
COMMENT ON COLUMN champion_periods.since IS 'When it became champion.';
COMMENT ON COLUMN champion_periods.until IS 'NULL for the champion of now.';
COMMENT ON COLUMN champion_periods.kind IS 'How it became champion: promotion, rollback, probation or return.';
COMMENT ON COLUMN champion_periods.from_version IS 'The champion before it; NULL for the first.';
COMMENT ON COLUMN champion_periods.change_id IS 'Row of model_deployment_history that made it champion.';
COMMENT ON COLUMN champion_periods.ended_by IS 'How the next one became champion; NULL for the champion of now.';
COMMENT ON COLUMN champion_periods.ended_by_change_id IS
    'Row of model_deployment_history that ended it; NULL for the champion of now.';

CREATE VIEW model_performance_history AS
SELECT
    v.model_name,
    v.version,
    'gate' AS source,
    coalesce(e.execution_completed_at, v.status_changed_at) AS measured_at,
    e.run_id,
    e.retraining_id,
    e.trigger_type,
    e.trigger_reason,
    e.performance_metrics AS metrics,
    coalesce((e.execution_metrics #>> '{gate,rows}')::bigint, (v.baseline ->> 'rows')::bigint) AS rows
FROM model_version_management v
JOIN model_retraining_events e ON e.model_name = v.model_name AND e.version = v.version
WHERE e.performance_metrics <> '{}'
UNION ALL
SELECT
    p.model_name,
    p.version,
    'check',
    min(p.measured_at),
    p.run_id,
    NULL,
    NULL,
    NULL,
    jsonb_object_agg(p.metric, p.value),
    max(p.rows)
FROM model_performance_tracking p
GROUP BY p.model_name, p.version, p.run_id;
COMMENT ON VIEW model_performance_history IS
    'What one version scored at one time: on rows that the gate judged it by, at the end of its shadow once more '
    '(gate), or on the recent rows of a run (check).';
COMMENT ON COLUMN model_performance_history.version IS 'The version that was measured.';
COMMENT ON COLUMN model_performance_history.source IS 'gate or check.';
COMMENT ON COLUMN model_performance_history.measured_at IS 'When it was measured.';
COMMENT ON COLUMN model_performance_history.run_id IS 'The run that measured it.';
COMMENT ON COLUMN model_performance_history.retraining_id IS 'The event whose gate it was; NULL for a check.';
COMMENT ON COLUMN model_performance_history.trigger_type IS 'Why that event retrained; NULL for a check.';
COMMENT ON COLUMN model_performance_history.trigger_reason IS 'The same in one sentence; NULL for a check.';
COMMENT ON COLUMN model_performance_history.metrics IS 'Values by name of the metric.';
COMMENT ON COLUMN model_performance_history.rows IS 'Labelled rows behind the metrics.';

CREATE VIEW retraining_metadata AS
SELECT
    retraining_id,
    id AS event_id,
    model_name,
    run_id,
    retraining_model_version AS model_version,
    parent_model_id,
    parent_model_version,
    trigger_type AS trigger,
    trigger_reason,
    execution_started_at AS start_time,
    execution_completed_at AS end_time,
    status,
    training_data_path,
    training_data_hash,
    training_data_size,
    hyperparameters,
    performance_metrics,
    parent_performance,
    performance_delta,
    training_duration,
    gpu_usage,
    memory_usage,
    execution_metrics -> 'cpu_usage' AS cpu_usage,
    retraining_notes,
    created_by
FROM model_retraining_events;
COMMENT ON VIEW retraining_metadata IS 'What there is to know of one retraining; one row an event.';
COMMENT ON COLUMN retraining_metadata.event_id IS 'Row of model_retraining_events.';
COMMENT ON COLUMN retraining_metadata.model_version IS 'The version it trained or judged, for example v3.';
COMMENT ON COLUMN retraining_metadata.trigger IS 'The trigger that weighs most.';
COMMENT ON COLUMN retraining_metadata.start_time IS 'Start of the last try.';
COMMENT ON COLUMN retraining_metadata.end_time IS 'When it was closed; NULL while it is open.';
COMMENT ON COLUMN retraining_metadata.cpu_usage IS 'Processor time of the training and all it started.';

CREATE VIEW retraining_job_history AS
SELECT
    id AS event_id,
    model_name,
    run_id,
    status,
    trigger_type,
    trigger_reason,
    requested_by,
    triggered_at,
    execution_started_at AS started_at,
    execution_completed_at AS completed_at,
    attempts,
    training_duration AS duration_seconds,
    execution_successful AS successful,
    outcome,
    error_type,
    error,
    version AS new_version,
    champion_version AS old_version,
    performance_metrics AS new_metrics,
    parent_performance AS old_metrics,
    performance_delta AS change_of_metrics
FROM model_retraining_events;
COMMENT ON VIEW retraining_job_history IS
    'Each retraining of each job (auto_retraining_jobs): when, why, how it ended.';
COMMENT ON COLUMN retraining_job_history.event_id IS 'Row of model_retraining_events.';
COMMENT ON COLUMN retraining_job_history.started_at IS 'Start of the last try.';
COMMENT ON COLUMN retraining_job_history.completed_at IS 'When it was closed; NULL while it is open.';
COMMENT ON COLUMN retraining_job_history.duration_seconds IS 'Seconds that the training took.';
COMMENT ON COLUMN retraining_job_history.successful IS
    'TRUE: ran to a verdict. FALSE: failed or abandoned. NULL: open or dry run.';
COMMENT ON COLUMN retraining_job_history.new_version IS 'The version it trained or judged.';
COMMENT ON COLUMN retraining_job_history.old_version IS 'The champion it was compared with.';
COMMENT ON COLUMN retraining_job_history.new_metrics IS 'All metrics of the new version on the held-out rows.';
COMMENT ON COLUMN retraining_job_history.old_metrics IS 'All metrics of the champion on the same rows.';
COMMENT ON COLUMN retraining_job_history.change_of_metrics IS 'New minus old, for every metric known of both.';

CREATE VIEW model_lineage AS
SELECT
    v.model_name,
    v.version,
    v.status,
    v.parent AS parent_version,
    ARRAY(SELECT c.version FROM model_version_management c
          WHERE c.model_name = v.model_name AND c.parent = v.version ORDER BY c.version) AS children_versions,
    v.created_at,
    v.status_changed_at AS last_updated,
    (SELECT count(*) FROM model_version_management p
     WHERE p.model_name = v.model_name AND p.version <= v.version) AS total_retraining_count,
    v.performance_metrics,
    v.event_id,
    e.retraining_id,
    e.trigger_type,
    e.trigger_reason,
    d.deployed_at,
    d.deployed_by,
    v.model_name || '_v' || v.version AS model_id,
    array_remove(ARRAY[v.parent], NULL) AS parent_versions,
    v.created_at AS creation_time,
    coalesce((
        SELECT jsonb_agg(jsonb_build_object(
            'timestamp', h.measured_at, 'source', h.source, 'run_id', h.run_id, 'retraining_id', h.retraining_id,
            'trigger', h.trigger_type, 'trigger_reason', h.trigger_reason, 'metrics', h.metrics, 'rows', h.rows
        ) ORDER BY h.measured_at, h.source DESC, h.run_id)
        FROM model_performance_history h
        WHERE h.model_name = v.model_name AND h.version = v.version
    ), '[]') AS performance_history,
    coalesce((
        SELECT jsonb_agg(t.entry ORDER BY t.at, t.id)
        FROM (
            SELECT v.shadow_since AS at, 0::bigint AS id, jsonb_build_object(
                'timestamp', v.shadow_since, 'status', 'shadow', 'deployed_by', e.requested_by, 'kind', 'shadow',
                'reason', e.outcome, 'run_id', e.run_id) AS entry
            WHERE v.shadow_since IS NOT NULL
            UNION ALL
            SELECT m.deployed_at, m.id, jsonb_build_object(
                'timestamp', m.deployed_at,
                'status', CASE WHEN m.to_version = v.version THEN 'production'
                               WHEN m.kind = 'promotion' THEN 'retired' ELSE 'rolled_back' END,
                'deployed_by', m.deployed_by, 'kind', m.kind, 'reason', m.reason, 'run_id', m.run_id)
            FROM model_deployment_history m
            WHERE m.model_name = v.model_name AND v.version IN (m.from_version, m.to_version)
        ) t
    ), '[]') AS deployment_history,
    v.training_data_path,
    v.training_data_hash,
    v.training_data_size,
    e.training_duration,
    -- Of a version that was in shadow: what ended it, the event that judged it or else a change of champion.
    coalesce(v.details #>> '{shadow,ended}', last.outcome) AS outcome
FROM model_version_management v
JOIN model_retraining_events e ON e.id = v.event_id
LEFT JOIN model_deployment_history d
    ON d.model_name = v.model_name AND d.to_version = v.version AND d.kind = 'promotion'
LEFT JOIN LATERAL (
    SELECT l.outcome FROM model_retraining_events l
    WHERE l.model_name = v.model_name AND l.version = v.version ORDER BY l.id DESC LIMIT 1
) last ON true;
COMMENT ON VIEW model_lineage IS
    'One version with its parent, its children, why it was trained, what it scored and when it was deployed.';
COMMENT ON COLUMN model_lineage.parent_version IS 'The champion that it was trained to replace; NULL for a first one.';
COMMENT ON COLUMN model_lineage.children_versions IS 'The versions that were trained to replace it.';
COMMENT ON COLUMN model_lineage.last_updated IS 'When it got its present status.';
COMMENT ON COLUMN model_lineage.total_retraining_count IS
    'Trainings of the model up to this version, itself counted in.';
COMMENT ON COLUMN model_lineage.deployed_at IS
    'When its promotion made it champion; deployment_history has all changes.';
COMMENT ON COLUMN model_lineage.deployed_by IS 'Who promoted it.';
COMMENT ON COLUMN model_lineage.model_id IS 'Model and version, for example housing_v3.';
COMMENT ON COLUMN model_lineage.parent_versions IS 'parent_version as an array; empty for a first one.';
COMMENT ON COLUMN model_lineage.creation_time IS 'As created_at.';
COMMENT ON COLUMN model_lineage.performance_history IS
    'What it scored at the gate and at each check, oldest first; see model_performance_history.';
COMMENT ON COLUMN model_lineage.deployment_history IS
    'When its shadow began (shadow), and each time that it became champion (production) or ceased to be (retired, '
    'rolled_back), oldest first.';
COMMENT ON COLUMN model_lineage.outcome IS 'What the gate said of it, or what ended its shadow.';

CREATE VIEW model_canaries AS
SELECT c.*
FROM (SELECT DISTINCT ON (model_name) * FROM canary_shares ORDER BY model_name, id DESC) c
JOIN model_version_management champion
    ON champion.model_name = c.model_name AND champion.version = c.champion_version AND champion.status = 'champion'
JOIN model_version_management v
    ON v.model_name = c.model_name AND v.version = c.version AND v.status NOT IN ('held', 'rejected', 'failed')  -- its shadow came to nothing
-- A champion that was replaced and has come back since does not bring its canary back.
WHERE c.share > 0 AND NOT EXISTS (
    SELECT FROM model_deployment_history d WHERE d.model_name = c.model_name AND d.deployed_at > c.set_at
);
COMMENT ON VIEW model_canaries IS 'The canaries that run now, one a model at most.';

CREATE VIEW model_shadows AS
SELECT
    v.model_name,
    v.version,
    v.parent AS champion_version,
    v.shadow_checks AS checks,
    (SELECT coalesce(max((s.detail ->> 'check')::double precision), 0)::integer FROM model_drift_monitoring s
     WHERE s.model_name = v.model_name AND s.kind = 'shadow' AND (s.detail ->> 'counted')::double precision = 1
       AND (s.detail ->> 'version')::double precision = v.version) AS checks_made,
    v.shadow_since AS since,
    v.event_id
FROM model_version_management v
WHERE v.status = 'candidate' AND v.shadow_checks IS NOT NULL;
COMMENT ON VIEW model_shadows IS
    'The versions that are in shadow now, one a model at most. They have no share of the traffic: they are only '
    'scored.';
COMMENT ON COLUMN model_shadows.champion_version IS 'The champion beside which it is scored.';
COMMENT ON COLUMN model_shadows.checks IS 'Checks that it has to stay in shadow for.';
COMMENT ON COLUMN model_shadows.checks_made IS 'How many of them were made.';
COMMENT ON COLUMN model_shadows.since IS 'When its shadow began.';

CREATE FUNCTION gain_of_look(
    value double precision, detail jsonb, worth double precision, rows bigint, window_start timestamptz,
    window_end timestamptz
) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN sign(-value) * abs(
        (detail ->> 'champion_score')::double precision - (detail ->> 'predecessor_score')::double precision
    ) * worth * rows / nullif(extract(epoch FROM window_end - window_start)::double precision, 0);
COMMENT ON FUNCTION gain_of_look IS
    'What a promotion gained by a look of its probation, at so many rows in the window of the decision.';

CREATE VIEW retraining_ledger AS
SELECT
    d.model_name,
    d.run_id,
    d.decided_at,
    CASE WHEN d.triggered THEN d.trigger_type ELSE '' END AS trigger,
    d.triggered,
    NOT d.triggered AND d.blocked_by <> '[]' AS blocked,
    e.id AS event_id,
    e.status,
    e.version,
    coalesce(e.training_duration, 0) / 3600 AS hours,
    CASE WHEN e.execution_attempted THEN d.training_cost END AS cost,
    CASE WHEN e.status = 'promoted' THEN d.expected_gain END AS expected_gain,
    -look.value AS loss_cut,
    gain_of_look(look.value, look.detail, j.worth_of_loss, r.rows, r.window_start, r.window_end) AS gain,
    d.triggered AND coalesce(mark.verdict, '') = 'false_alarm' AS false_alarm
FROM retraining_decisions d
JOIN retraining_runs r ON r.model_name = d.model_name AND r.run_id = d.run_id AND NOT r.dry_run
LEFT JOIN auto_retraining_jobs j ON j.model_name = d.model_name
LEFT JOIN model_retraining_events e ON e.model_name = d.model_name AND e.run_id = d.run_id
LEFT JOIN LATERAL (
    SELECT m.verdict FROM decision_marks m
    WHERE m.model_name = d.model_name AND m.run_id = d.run_id ORDER BY m.id DESC LIMIT 1
) mark ON true
LEFT JOIN LATERAL (
    SELECT s.value, s.detail FROM model_drift_monitoring s
    WHERE e.status = 'promoted' AND s.model_name = d.model_name AND s.kind = 'probation' AND s.as_of >= r.as_of
      AND s.verdict IN ('stable', 'changed') AND (s.detail ->> 'version')::double precision = e.version
    ORDER BY s.as_of DESC LIMIT 1
) look ON true;
COMMENT ON VIEW retraining_ledger IS
    'One decision, what it cost, and what it gained; no dry runs. What a promotion gained is what the last look of its '
    'probation measured beside the version before it.';
COMMENT ON COLUMN retraining_ledger.trigger IS 'The trigger that weighed most; empty where none fired.';
COMMENT ON COLUMN retraining_ledger.blocked IS 'Whether a retrain was wanted, and something kept it from happening.';
COMMENT ON COLUMN retraining_ledger.event_id IS 'Row of model_retraining_events; NULL for a decision not to retrain.';
COMMENT ON COLUMN retraining_ledger.status IS 'How the event ended, or stands; NULL for a decision not to retrain.';
COMMENT ON COLUMN retraining_ledger.version IS 'The version that was trained or judged; NULL for none.';
COMMENT ON COLUMN retraining_ledger.hours IS 'Hours of training.';
COMMENT ON COLUMN retraining_ledger.cost IS
    'Cost of the retrain if it was tried, in the unit of the policy''s costs; NULL without costs.';
COMMENT ON COLUMN retraining_ledger.expected_gain IS
    'Of a promotion: what was expected over the policy''s horizon, in that unit.';
COMMENT ON COLUMN retraining_ledger.loss_cut IS
    'Of a promotion: how much smaller the loss was than the predecessor''s at the last look of the probation, as a '
    'share, or in the metric''s unit where its loss does not begin at zero. NULL without a look.';
COMMENT ON COLUMN retraining_ledger.gain IS
    'The same over the horizon in the unit of the costs, at the costs of today; NULL without costs.';
COMMENT ON COLUMN retraining_ledger.false_alarm IS 'Whether somebody marked the retrain as a false alarm.';

CREATE VIEW retraining_statistics AS
SELECT
    model_name,
    date_trunc('month', decided_at, 'UTC') AS month,
    trigger,
    count(*) AS checks,
    count(*) FILTER (WHERE triggered) AS retrains,
    count(*) FILTER (WHERE status = 'promoted') AS promotions,
    count(*) FILTER (WHERE status = 'held') AS holds,
    count(*) FILTER (WHERE status = 'rejected') AS rejections,
    count(*) FILTER (WHERE status IN ('failed', 'abandoned')) AS failures,
    count(*) FILTER (WHERE false_alarm) AS false_alarms,
    sum(hours) AS hours,
    sum(cost) AS cost,
    sum(expected_gain) AS expected_gain,
    sum(gain) AS gain,
    avg(loss_cut) AS loss_cut
FROM retraining_ledger
GROUP BY model_name, date_trunc('month', decided_at, 'UTC'), trigger;
COMMENT ON VIEW retraining_statistics IS
    'What the decisions of a month came to, for one model and one trigger; see retraining_ledger. Runs that could not '
    'look at a model are in retraining_failures.';
COMMENT ON COLUMN retraining_statistics.month IS 'First moment of the month in which it was decided.';
COMMENT ON COLUMN retraining_statistics.checks IS 'Decisions.';
COMMENT ON COLUMN retraining_statistics.retrains IS 'Those that were to retrain.';
COMMENT ON COLUMN retraining_statistics.promotions IS 'Those whose challenger became champion.';
COMMENT ON COLUMN retraining_statistics.holds IS 'Those that were held: not approved, or not better beyond chance.';
COMMENT ON COLUMN retraining_statistics.rejections IS 'Those whose challenger was rejected.';
COMMENT ON COLUMN retraining_statistics.failures IS 'Those that failed or were abandoned.';
COMMENT ON COLUMN retraining_statistics.false_alarms IS 'Those that somebody marked as false alarms.';
COMMENT ON COLUMN retraining_statistics.loss_cut IS 'Mean cut of the loss of those that have one.';


-- Other columns of a view mean what they mean in the table that they come from.
DO $$
DECLARE
    known record;
BEGIN
    FOR known IN
        SELECT DISTINCT ON (c.oid, a.attnum) c.relname, a.attname, col_description(t.oid, b.attnum) AS meaning
        FROM (VALUES
            ('auto_retraining_config', 'auto_retraining_jobs', 1), ('champion_periods', 'model_deployment_history', 1),
            ('model_performance_history', 'model_version_management', 1),
            ('retraining_metadata', 'model_retraining_events', 1),
            ('retraining_job_history', 'model_retraining_events', 1),
            ('model_lineage', 'model_version_management', 1), ('model_lineage', 'model_retraining_events', 2),
            ('retraining_ledger', 'retraining_decisions', 1), ('retraining_statistics', 'retraining_decisions', 1),
            ('retraining_statistics', 'retraining_ledger', 2),
            ('model_canaries', 'canary_shares', 1), ('model_shadows', 'model_version_management', 1)
        ) AS source (view_name, table_name, rank)
        JOIN pg_class c ON c.oid = source.view_name::regclass
        JOIN pg_class t ON t.oid = source.table_name::regclass
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
        JOIN pg_attribute b ON b.attrelid = t.oid AND b.attname = a.attname
        WHERE col_description(c.oid, a.attnum) IS NULL
        ORDER BY c.oid, a.attnum, source.rank
    LOOP
        EXECUTE format('COMMENT ON COLUMN %I.%I IS %L', known.relname, known.attname, known.meaning);
    END LOOP;
END;
$$;
