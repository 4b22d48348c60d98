-- What triggers on time, volume and probes decide from, and the settings that each model's policy comes to.

ALTER TABLE retraining_analyses ADD COLUMN facts jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN retraining_analyses.facts IS
    'New rows since the champion''s last, hash of all rows, values of the probes: as far as the run learnt them.';

CREATE INDEX retraining_analyses_by_time ON retraining_analyses (model_name, as_of DESC);

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
    (config -> 'effective' -> 'settings' ->> 'false_retrains_per_quarter')::double precision
        AS false_retrains_per_quarter,
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
