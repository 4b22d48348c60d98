-- One row for each decision that fired: the table that operators and analysts query.

CREATE TABLE model_retraining_events (
    id                           serial PRIMARY KEY,
    retraining_id                uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
    model_name                   text NOT NULL,
    run_id                       text NOT NULL,
    status                       text NOT NULL CHECK (status IN (
        'decided', 'executing', 'promoted', 'held', 'rejected', 'failed', 'abandoned', 'dry_run')),
    -- why
    trigger_type                 text NOT NULL,
    severity                     text NOT NULL CHECK (severity IN ('LOW', 'MEDIUM', 'HIGH', 'CRITICAL')),
    confidence                   double precision NOT NULL,
    drift_type                   text,
    trigger_reason               text NOT NULL,
    trigger_metrics              jsonb NOT NULL DEFAULT '{}',
    decision                     jsonb NOT NULL,
    as_of                        timestamptz NOT NULL,
    request_reason               text NOT NULL DEFAULT '',
    requested_by                 text NOT NULL,
    created_by                   text NOT NULL,
    force                        boolean NOT NULL DEFAULT false,
    dry_run                      boolean NOT NULL DEFAULT false,
    preset                       text NOT NULL DEFAULT '',
    champion_version             integer,
    triggered_at                 timestamptz NOT NULL,
    -- what came of it
    execution_attempted          boolean NOT NULL DEFAULT false,
    attempts                     integer NOT NULL DEFAULT 0,
    execution_started_at         timestamptz,
    execution_completed_at       timestamptz,
    execution_successful         boolean,
    outcome                      text,
    error_type                   text,
    error                        text,
    execution_metrics            jsonb NOT NULL DEFAULT '{}',
    version                      integer,
    retraining_model_version     text,
    parent_model_id              text,
    parent_model_version         text,
    retraining_r2                double precision,
    retraining_rmse              double precision,
    retraining_accuracy          double precision,
    comparison_previous_r2       double precision,
    comparison_previous_rmse     double precision,
    comparison_previous_accuracy double precision,
    improvement_r2_percent       double precision,
    improvement_rmse_percent     double precision,
    improvement_accuracy_percent double precision,
    performance_metrics          jsonb NOT NULL DEFAULT '{}',
    parent_performance           jsonb NOT NULL DEFAULT '{}',
    performance_delta            jsonb NOT NULL DEFAULT '{}',
    training_data_path           text,
    training_data_hash           text,
    training_data_size           bigint,
    hyperparameters              jsonb,
    training_duration            double precision,
    memory_usage                 jsonb,
    gpu_usage                    jsonb,
    retraining_notes             text,

    -- A run decides about a model once, so it cannot retrain it twice.
    UNIQUE (model_name, run_id),
    UNIQUE (id, model_name),
    FOREIGN KEY (model_name, run_id) REFERENCES retraining_decisions,
    CONSTRAINT closed_event_has_an_end CHECK (
        (status IN ('decided', 'executing')) = (execution_completed_at IS NULL)),
    CONSTRAINT promoted_event_has_a_version CHECK (status <> 'promoted' OR version IS NOT NULL)
);

CREATE INDEX idx_retraining_severity ON model_retraining_events (severity);
CREATE INDEX idx_retraining_trigger_type ON model_retraining_events (trigger_type);
CREATE INDEX idx_retraining_triggered_at ON model_retraining_events (triggered_at DESC);
CREATE INDEX idx_retraining_execution_successful ON model_retraining_events (execution_successful);
CREATE INDEX retraining_events_by_model ON model_retraining_events (model_name, triggered_at DESC);

-- At most one executing event per model: two runs cannot both train it.
CREATE UNIQUE INDEX one_executing_event_per_model ON model_retraining_events (model_name) WHERE status = 'executing';

COMMENT ON TABLE model_retraining_events IS
    'One decision that fired, and what came of it. A closed event never changes.';
COMMENT ON COLUMN model_retraining_events.status IS
    'decided -> executing -> promoted | held | rejected | failed | abandoned; dry_run is closed at once.';
COMMENT ON COLUMN model_retraining_events.drift_type IS 'Kinds of the signals that had changed; NULL for none.';
COMMENT ON COLUMN model_retraining_events.trigger_metrics IS
    'The signals that had changed, with value, threshold, p_value.';
COMMENT ON COLUMN model_retraining_events.created_by IS 'As requested_by, under the name of the retraining metadata.';
COMMENT ON COLUMN model_retraining_events.champion_version IS
    'In production when it was decided; from the start of the training on, the version it was compared with.';
COMMENT ON COLUMN model_retraining_events.attempts IS
    'How often a process took it on; above 1 means that tries died.';
COMMENT ON COLUMN model_retraining_events.execution_started_at IS 'Start of the last try.';
COMMENT ON COLUMN model_retraining_events.execution_successful IS
    'TRUE: ran to a verdict (promoted, held, rejected). FALSE: failed or abandoned. NULL: open or dry run.';
COMMENT ON COLUMN model_retraining_events.outcome IS 'How it ended, in one sentence.';
COMMENT ON COLUMN model_retraining_events.retraining_r2 IS
    'Of the new version on the held-out recent rows; comparison_previous_r2 is the champion on the same rows.';
COMMENT ON COLUMN model_retraining_events.improvement_r2_percent IS
    '100 * (new - previous) / |previous|; NULL where either is not known or previous is 0.';
COMMENT ON COLUMN model_retraining_events.improvement_rmse_percent IS
    '100 * (previous - new) / previous, so that positive is better.';
COMMENT ON COLUMN model_retraining_events.performance_delta IS 'New minus previous, for every metric known of both.';
COMMENT ON COLUMN model_retraining_events.training_data_size IS 'Rows.';
COMMENT ON COLUMN model_retraining_events.training_duration IS 'Seconds.';
COMMENT ON COLUMN model_retraining_events.retraining_notes IS
    'The one column that may still be written after the event closed.';

-- Events begin decided (or as a dry run), move along the legal steps, and never change once closed.
CREATE FUNCTION guard_retraining_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    legal text[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status NOT IN ('decided', 'dry_run') THEN
            RAISE EXCEPTION 'an event begins as decided or dry_run, not as %', NEW.status
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.status NOT IN ('decided', 'executing') THEN
        IF to_jsonb(NEW) - 'retraining_notes' IS DISTINCT FROM to_jsonb(OLD) - 'retraining_notes' THEN
            RAISE EXCEPTION 'event % is closed (%) and never changes', OLD.id, OLD.status
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    legal := CASE OLD.status
        WHEN 'decided' THEN ARRAY['decided', 'executing', 'failed', 'abandoned']
        ELSE ARRAY['executing', 'promoted', 'held', 'rejected', 'failed', 'abandoned'] END;
    IF NEW.status <> ALL (legal) THEN
        RAISE EXCEPTION 'event % cannot go from % to %', OLD.id, OLD.status, NEW.status
            USING ERRCODE = 'check_violation';
    END IF;
    IF (NEW.id, NEW.retraining_id, NEW.model_name, NEW.run_id, NEW.as_of, NEW.decision, NEW.triggered_at)
        IS DISTINCT FROM
       (OLD.id, OLD.retraining_id, OLD.model_name, OLD.run_id, OLD.as_of, OLD.decision, OLD.triggered_at) THEN
        RAISE EXCEPTION 'event %: what was decided, for what and when never changes', OLD.id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END;
$$;

CREATE TRIGGER guard_retraining_event BEFORE INSERT OR UPDATE ON model_retraining_events
    FOR EACH ROW EXECUTE FUNCTION guard_retraining_event();

-- Key of the session-level advisory lock whose holder may retrain the model. Postgres frees it with the session.
CREATE FUNCTION retraining_lock_key(model_name text) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT hashtextextended('right to retrain ' || model_name, 0)
$$;
COMMENT ON FUNCTION retraining_lock_key IS 'Key of the advisory lock whose holder may retrain the model.';
