-- Shadow: a challenger that has passed the gate is scored beside the champion for some checks before it is published.

ALTER TABLE model_version_management
    ADD COLUMN shadow_checks integer CHECK (shadow_checks >= 1),
    ADD COLUMN shadow_since timestamptz,
    ADD CHECK ((shadow_checks IS NULL) = (shadow_since IS NULL));
COMMENT ON COLUMN model_version_management.shadow_checks IS
    'Checks that it had to stay in shadow for, as a candidate that has an artifact; NULL for a version that never did.';
COMMENT ON COLUMN model_version_management.shadow_since IS 'When its shadow began.';
COMMENT ON COLUMN model_version_management.event_id IS
    'The event it was trained for. That which judged it at the end of its shadow names it in `version`.';

-- At most one version in shadow per model.
CREATE UNIQUE INDEX one_shadow_per_model ON model_version_management (model_name)
    WHERE status = 'candidate' AND shadow_checks IS NOT NULL;

CREATE INDEX retraining_events_by_version ON model_retraining_events (model_name, version, id DESC);

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
    'The versions that are in shadow now, one a model at most. They have no share of the traffic: they are only scored.';

CREATE OR REPLACE VIEW model_performance_history AS
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
    'What one version scored at one time: on rows that the gate judged it by, at the end of its shadow once more (gate), or on the recent rows of a run (check).';

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
COMMENT ON COLUMN model_lineage.deployment_history IS
    'When its shadow began (shadow), and each time that it became champion (production) or ceased to be (retired, rolled_back), oldest first.';
