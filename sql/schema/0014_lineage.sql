-- Who was champion when, how each version did, the metadata of each retraining, and the family tree over them.
-- Views for people and for the commands that read the records; the workflow does not need them.

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
    'One stretch of time in which a version was champion: from since on and before until. One that came back has several.';
COMMENT ON COLUMN champion_periods.until IS 'NULL for the champion of now.';
COMMENT ON COLUMN champion_periods.kind IS 'How it became champion: promotion, rollback or probation.';
COMMENT ON COLUMN champion_periods.ended_by IS 'How the next one became champion; NULL for the champion of now.';

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
    v.performance_metrics AS metrics,
    (v.baseline ->> 'rows')::bigint AS rows
FROM model_version_management v
JOIN model_retraining_events e ON e.id = v.event_id
WHERE v.performance_metrics <> '{}'
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
    'What one version scored at one time: on the rows the gate held out (gate), or on the recent rows of a run (check).';
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
COMMENT ON VIEW retraining_job_history IS 'Each retraining of each job (auto_retraining_jobs): when, why, how it ended.';

CREATE OR REPLACE VIEW model_lineage AS
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
        SELECT jsonb_agg(jsonb_build_object(
            'timestamp', m.deployed_at,
            'status', CASE WHEN m.to_version = v.version THEN 'production'
                           WHEN m.kind = 'promotion' THEN 'retired' ELSE 'rolled_back' END,
            'deployed_by', m.deployed_by, 'kind', m.kind, 'reason', m.reason, 'run_id', m.run_id
        ) ORDER BY m.deployed_at, m.id)
        FROM model_deployment_history m
        WHERE m.model_name = v.model_name AND v.version IN (m.from_version, m.to_version)
    ), '[]') AS deployment_history,
    v.training_data_path,
    v.training_data_hash,
    v.training_data_size,
    e.training_duration,
    e.outcome
FROM model_version_management v
JOIN model_retraining_events e ON e.id = v.event_id
LEFT JOIN model_deployment_history d ON d.event_id = v.event_id;
COMMENT ON COLUMN model_lineage.total_retraining_count IS 'Trainings of the model up to this version, itself counted in.';
COMMENT ON COLUMN model_lineage.deployed_at IS 'When its promotion made it champion; deployment_history has all changes.';
COMMENT ON COLUMN model_lineage.performance_history IS
    'What it scored at the gate and at each check, oldest first; see model_performance_history.';
COMMENT ON COLUMN model_lineage.deployment_history IS
    'Each time that it became champion (production) or ceased to be (retired, rolled_back), oldest first.';
