-- The latest versions of a model, short.
-- Parameters: model_name text, most integer
-- Returns:    version, status, status_changed_at, created_at, created_by, parent, event_id, trigger_type,
--             trigger_reason, outcome, promised, training_data_size, training_duration, config_hash, in_shadow,
--             performance_metrics; newest first
SELECT
    v.version, v.status, v.status_changed_at, v.created_at, v.created_by, v.parent, v.event_id, e.trigger_type,
    e.trigger_reason, coalesce(v.details #>> '{shadow,ended}', e.outcome) AS outcome,
    (v.baseline -> 'scores' ->> j.metric)::double precision AS promised, v.training_data_size, e.training_duration,
    coalesce(v.details ->> 'config_hash', '') AS config_hash,
    v.status = 'candidate' AND v.shadow_checks IS NOT NULL AS in_shadow, v.performance_metrics
FROM model_version_management v
JOIN model_retraining_events e ON e.id = v.event_id
LEFT JOIN auto_retraining_jobs j ON j.model_name = v.model_name
WHERE v.model_name = %(model_name)s
ORDER BY v.version DESC
LIMIT %(most)s;
