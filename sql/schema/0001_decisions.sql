-- What was registered, what each run saw, and what was decided. Nothing here is ever trained or published.

CREATE TABLE auto_retraining_jobs (
    model_name    text PRIMARY KEY,
    config_hash   text NOT NULL,
    config        jsonb NOT NULL,
    registered_at timestamptz NOT NULL,
    changed_at    timestamptz NOT NULL,
    last_seen_at  timestamptz NOT NULL
);
COMMENT ON TABLE auto_retraining_jobs IS
    'One registered model and its effective settings as last seen. The model file is the truth; this is a copy.';
COMMENT ON COLUMN auto_retraining_jobs.changed_at IS 'When a run first saw the present config_hash.';

CREATE TABLE retraining_analyses (
    model_name       text NOT NULL,
    run_id           text NOT NULL,
    as_of            timestamptz NOT NULL,
    request_reason   text NOT NULL DEFAULT '',
    requested_by     text NOT NULL,
    force            boolean NOT NULL DEFAULT false,
    dry_run          boolean NOT NULL DEFAULT false,
    preset           text NOT NULL DEFAULT '',
    window_start     timestamptz,
    window_end       timestamptz NOT NULL,
    rows             bigint NOT NULL CHECK (rows >= 0),
    labelled_rows    bigint NOT NULL CHECK (labelled_rows BETWEEN 0 AND rows),
    champion_version integer,
    analyzed_at      timestamptz NOT NULL,
    PRIMARY KEY (model_name, run_id)
);
CREATE INDEX retraining_analyses_by_run ON retraining_analyses (run_id);
COMMENT ON TABLE retraining_analyses IS
    'What one run saw of one model; its signals are in model_drift_monitoring.';
COMMENT ON COLUMN retraining_analyses.as_of IS 'End of the recent window that the run was asked to look at.';
COMMENT ON COLUMN retraining_analyses.window_start IS 'NULL for a model without timestamps.';
COMMENT ON COLUMN retraining_analyses.window_end IS 'Excluded.';
COMMENT ON COLUMN retraining_analyses.champion_version IS 'In production when the run looked; NULL for none.';

CREATE TABLE model_drift_monitoring (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model_name text NOT NULL,
    run_id     text NOT NULL,
    kind       text NOT NULL,
    feature    text NOT NULL DEFAULT '',
    statistic  text NOT NULL,
    verdict    text NOT NULL CHECK (verdict IN ('no_data', 'inconclusive', 'stable', 'changed')),
    value      double precision,
    threshold  double precision,
    p_value    double precision,
    level      double precision,
    blocks     boolean NOT NULL DEFAULT false,
    reason     text NOT NULL,
    detail     jsonb NOT NULL DEFAULT '{}',
    UNIQUE (model_name, run_id, kind, feature, statistic),
    FOREIGN KEY (model_name, run_id) REFERENCES retraining_analyses
);
COMMENT ON TABLE model_drift_monitoring IS
    'One signal: one statistic of one feature (or of the whole model) in one run.';
COMMENT ON COLUMN model_drift_monitoring.feature IS 'Empty for signals about the model as a whole.';
COMMENT ON COLUMN model_drift_monitoring.threshold IS 'The value from which on the effect matters.';
COMMENT ON COLUMN model_drift_monitoring.level IS
    'Significance level that p_value had to meet, corrected for the number of features.';
COMMENT ON COLUMN model_drift_monitoring.blocks IS 'The rows are too broken to train on.';

CREATE TABLE model_performance_tracking (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model_name  text NOT NULL,
    run_id      text NOT NULL,
    version     integer NOT NULL,
    metric      text NOT NULL,
    value       double precision,
    rows        bigint NOT NULL CHECK (rows >= 0),
    measured_at timestamptz NOT NULL,
    UNIQUE (model_name, run_id, version, metric),
    FOREIGN KEY (model_name, run_id) REFERENCES retraining_analyses
);
COMMENT ON TABLE model_performance_tracking IS 'One metric of one version on the recent labelled rows of one run.';
COMMENT ON COLUMN model_performance_tracking.value IS 'NULL where the metric is not defined on these rows.';

CREATE TABLE retraining_decisions (
    model_name     text NOT NULL,
    run_id         text NOT NULL,
    triggered      boolean NOT NULL,
    trigger_type   text NOT NULL,
    severity       text NOT NULL CHECK (severity IN ('LOW', 'MEDIUM', 'HIGH', 'CRITICAL')),
    confidence     double precision NOT NULL,
    reason         text NOT NULL,
    root_cause     text NOT NULL,
    blocked_by     jsonb NOT NULL,
    recommendation text NOT NULL,
    triggers       jsonb NOT NULL,
    decided_at     timestamptz NOT NULL,
    PRIMARY KEY (model_name, run_id),
    FOREIGN KEY (model_name, run_id) REFERENCES retraining_analyses
);
CREATE INDEX retraining_decisions_by_run ON retraining_decisions (run_id);
CREATE INDEX retraining_decisions_by_model ON retraining_decisions (model_name, decided_at DESC);
COMMENT ON TABLE retraining_decisions IS 'Every decision, "no" included, with what kept it from being the other one.';
COMMENT ON COLUMN retraining_decisions.trigger_type IS 'The trigger that weighs most; empty when none fired.';
COMMENT ON COLUMN retraining_decisions.blocked_by IS
    'What kept a wanted retrain from happening; an empty array for nothing.';
COMMENT ON COLUMN retraining_decisions.triggers IS 'Every trigger: fired, value, threshold, distance, reason.';
