-- One row for each decision that fired: the table that operators and analysts query.

-- Double precision division raises an error where the result is too large or too small; a record must not fail on that.
CREATE FUNCTION improvement_percent(new_value double precision, previous double precision, larger_is_better boolean)
RETURNS double precision LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
    change double precision;
    odd CONSTANT double precision[] := ARRAY['NaN', 'Infinity', '-Infinity'];
BEGIN
    IF previous = 0 OR new_value = ANY (odd) OR previous = ANY (odd) THEN
        RETURN NULL;
    END IF;
    change := CASE WHEN larger_is_better THEN new_value - previous ELSE previous - new_value END;
    RETURN 100 * (change / abs(previous));
EXCEPTION WHEN numeric_value_out_of_range THEN
    RETURN CASE WHEN abs(change) < abs(previous) THEN 0 END;
END;
$$;
COMMENT ON FUNCTION improvement_percent IS
    'Change in per cent of the previous value, positive when better; NULL where it cannot be told.';

CREATE TABLE model_retraining_events (
    id                           bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT model_retraining_events_key PRIMARY KEY,
    retraining_id                uuid NOT NULL DEFAULT gen_random_uuid()
        CONSTRAINT model_retraining_events_retraining_id UNIQUE,
    model_name                   text NOT NULL,
    run_id                       text NOT NULL,
    status                       text NOT NULL CONSTRAINT model_retraining_events_status CHECK (status IN (
        'decided', 'executing', 'promoted', 'held', 'rejected', 'failed', 'abandoned', 'dry_run')),
    -- why
    trigger_type                 text NOT NULL,
    severity                     text NOT NULL
        CONSTRAINT model_retraining_events_severity CHECK (severity IN ('LOW', 'MEDIUM', 'HIGH', 'CRITICAL')),
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
    elsewhere                    boolean NOT NULL DEFAULT false,
    champion_version             integer,
    triggered_at                 timestamptz NOT NULL,
    approved_by                  text,
    approved_at                  timestamptz,
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
    improvement_r2_percent       double precision GENERATED ALWAYS AS (
        improvement_percent(retraining_r2, comparison_previous_r2, true)) STORED,
    improvement_rmse_percent     double precision GENERATED ALWAYS AS (
        improvement_percent(retraining_rmse, comparison_previous_rmse, false)) STORED,
    improvement_accuracy_percent double precision GENERATED ALWAYS AS (
        improvement_percent(retraining_accuracy, comparison_previous_accuracy, true)) STORED,
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
    report_path                  text,

    -- A run decides about a model once, so it cannot retrain it twice.
    CONSTRAINT one_event_per_model_and_run UNIQUE (model_name, run_id),
    CONSTRAINT model_retraining_events_key_and_model UNIQUE (id, model_name),
    CONSTRAINT model_retraining_events_decision FOREIGN KEY (model_name, run_id) REFERENCES retraining_decisions,
    CONSTRAINT model_retraining_events_version
        FOREIGN KEY (model_name, version) REFERENCES model_version_management,
    CONSTRAINT model_retraining_events_champion
        FOREIGN KEY (model_name, champion_version) REFERENCES model_version_management,
    CONSTRAINT closed_event_has_an_end CHECK (
        (status IN ('decided', 'executing')) = (execution_completed_at IS NULL)),
    CONSTRAINT promoted_event_has_a_version CHECK (status <> 'promoted' OR version IS NOT NULL),
    CONSTRAINT approval_has_a_time CHECK ((approved_by IS NULL) = (approved_at IS NULL))
);

ALTER TABLE model_version_management ADD CONSTRAINT model_version_management_event
    FOREIGN KEY (event_id, model_name) REFERENCES model_retraining_events (id, model_name);
ALTER TABLE model_deployment_history ADD CONSTRAINT model_deployment_history_event
    FOREIGN KEY (event_id, model_name) REFERENCES model_retraining_events (id, model_name);

CREATE INDEX idx_retraining_severity ON model_retraining_events (severity);
CREATE INDEX idx_retraining_trigger_type ON model_retraining_events (trigger_type);
CREATE INDEX idx_retraining_triggered_at ON model_retraining_events (triggered_at DESC);
CREATE INDEX retraining_events_that_count ON model_retraining_events (triggered_at, model_name, run_id)
    WHERE NOT dry_run;
CREATE INDEX idx_retraining_execution_successful ON model_retraining_events (execution_successful);
CREATE INDEX retraining_events_by_model ON model_retraining_events (model_name, triggered_at DESC, id DESC);
CREATE INDEX retraining_events_by_status ON model_retraining_events (status, triggered_at DESC, id DESC);
CREATE INDEX retraining_events_by_run ON model_retraining_events (run_id);
CREATE INDEX retraining_events_by_version ON model_retraining_events (model_name, version, id DESC);
CREATE INDEX retraining_events_by_champion ON model_retraining_events (model_name, champion_version);
CREATE INDEX retraining_events_by_end ON model_retraining_events (execution_completed_at);
CREATE INDEX retraining_events_by_approval ON model_retraining_events (approved_at) WHERE approved_at IS NOT NULL;
CREATE INDEX open_retraining_events ON model_retraining_events (model_name, id)
    WHERE status IN ('decided', 'executing');

-- At most one executing event per model: two runs cannot both train it.
CREATE UNIQUE INDEX one_executing_event_per_model ON model_retraining_events (model_name) WHERE status = 'executing';

COMMENT ON TABLE model_retraining_events IS
    'One decision that fired, and what came of it. A closed event never changes.';
COMMENT ON COLUMN model_retraining_events.id IS 'Counts the events of all models.';
COMMENT ON COLUMN model_retraining_events.retraining_id IS 'The same event under an id that no other database has.';
COMMENT ON COLUMN model_retraining_events.model_name IS 'Name of the model, as in its file.';
COMMENT ON COLUMN model_retraining_events.run_id IS 'The run, as in retraining_runs.';
COMMENT ON COLUMN model_retraining_events.status IS
    'decided -> executing -> promoted | held | rejected | failed | abandoned; dry_run is closed at once.';
COMMENT ON COLUMN model_retraining_events.trigger_type IS 'The trigger that weighs most.';
COMMENT ON COLUMN model_retraining_events.severity IS 'LOW, MEDIUM, HIGH or CRITICAL.';
COMMENT ON COLUMN model_retraining_events.confidence IS 'How sure it is that something has changed, from 0 to 1.';
COMMENT ON COLUMN model_retraining_events.drift_type IS 'Kinds of the signals that had changed; NULL for none.';
COMMENT ON COLUMN model_retraining_events.trigger_reason IS 'Why it is to be retrained, in one sentence.';
COMMENT ON COLUMN model_retraining_events.trigger_metrics IS
    'The signals that had changed, with value, threshold, p_value.';
COMMENT ON COLUMN model_retraining_events.decision IS 'The whole decision, as in retraining_decisions.';
COMMENT ON COLUMN model_retraining_events.as_of IS 'Time of the run, as in retraining_runs.';
COMMENT ON COLUMN model_retraining_events.request_reason IS
    'Why somebody started the run; empty for a run by schedule.';
COMMENT ON COLUMN model_retraining_events.requested_by IS 'Who started the run: a person, or the schedule.';
COMMENT ON COLUMN model_retraining_events.created_by IS
    'Who wanted it: whose requests the decision consumed, or else who started the run.';
COMMENT ON COLUMN model_retraining_events.force IS 'Whether the run was to retrain whatever the rows say.';
COMMENT ON COLUMN model_retraining_events.dry_run IS 'Whether the run was to decide only.';
COMMENT ON COLUMN model_retraining_events.preset IS
    'Preset of the policy for this run only; empty for the model file''s.';
COMMENT ON COLUMN model_retraining_events.elsewhere IS
    'Whether its version is trained by others, who say when it is done, as in retraining_runs.';
COMMENT ON COLUMN model_retraining_events.champion_version IS
    'In production when it was decided; from the start of the training on, the version it was compared with.';
COMMENT ON COLUMN model_retraining_events.triggered_at IS 'When it was decided.';
COMMENT ON COLUMN model_retraining_events.approved_by IS
    'Who allowed it, where the model file calls for an approval; NULL where nobody was, and for a no, which `outcome` '
    'tells.';
COMMENT ON COLUMN model_retraining_events.approved_at IS 'When that was written down: as the first try began.';
COMMENT ON COLUMN model_retraining_events.execution_attempted IS 'Whether a process ever took it on.';
COMMENT ON COLUMN model_retraining_events.attempts IS 'How often a process took it on; above 1 means that tries died.';
COMMENT ON COLUMN model_retraining_events.execution_started_at IS 'Start of the last try.';
COMMENT ON COLUMN model_retraining_events.execution_completed_at IS 'When it was closed; NULL while it is open.';
COMMENT ON COLUMN model_retraining_events.execution_successful IS
    'TRUE: ran to a verdict (promoted, held, rejected). FALSE: failed or abandoned. NULL: open or dry run.';
COMMENT ON COLUMN model_retraining_events.outcome IS 'How it ended, in one sentence.';
COMMENT ON COLUMN model_retraining_events.error_type IS
    'Class of the error that ended it, or its last try; NULL for none.';
COMMENT ON COLUMN model_retraining_events.error IS 'Message of that error.';
COMMENT ON COLUMN model_retraining_events.execution_metrics IS
    'What the execution had to tell: gate, resources, times, rows left out.';
COMMENT ON COLUMN model_retraining_events.version IS
    'The version it trained, or judged at the end of its shadow; NULL before that.';
COMMENT ON COLUMN model_retraining_events.retraining_model_version IS 'The same with a v before it, for example v3.';
COMMENT ON COLUMN model_retraining_events.parent_model_id IS 'Model and champion it was compared with: housing_v2.';
COMMENT ON COLUMN model_retraining_events.parent_model_version IS
    'That champion, for example v2; NULL for a first version.';
COMMENT ON COLUMN model_retraining_events.retraining_r2 IS
    'R² of the new version on the held-out recent rows; comparison_previous_r2 is the champion on the same rows.';
COMMENT ON COLUMN model_retraining_events.retraining_rmse IS
    'Root mean squared error of the new version on those rows.';
COMMENT ON COLUMN model_retraining_events.retraining_accuracy IS
    'Accuracy of the new version on those rows, from 0 to 1.';
COMMENT ON COLUMN model_retraining_events.comparison_previous_r2 IS 'R² of the champion on the same rows.';
COMMENT ON COLUMN model_retraining_events.comparison_previous_rmse IS
    'Root mean squared error of the champion on the same rows.';
COMMENT ON COLUMN model_retraining_events.comparison_previous_accuracy IS 'Accuracy of the champion on the same rows.';
COMMENT ON COLUMN model_retraining_events.improvement_r2_percent IS
    'Generated: 100 * (new - previous) / |previous|; NULL where either is not known or previous is 0.';
COMMENT ON COLUMN model_retraining_events.improvement_rmse_percent IS
    'Generated: 100 * (previous - new) / |previous|, so that positive is better.';
COMMENT ON COLUMN model_retraining_events.improvement_accuracy_percent IS
    'Generated: 100 * (new - previous) / |previous|.';
COMMENT ON COLUMN model_retraining_events.performance_metrics IS 'All metrics of the new version on the held-out rows.';
COMMENT ON COLUMN model_retraining_events.parent_performance IS 'All metrics of the champion on the same rows.';
COMMENT ON COLUMN model_retraining_events.performance_delta IS 'New minus previous, for every metric known of both.';
COMMENT ON COLUMN model_retraining_events.training_data_path IS
    'Where the training rows came from; while it is open, those that were requested.';
COMMENT ON COLUMN model_retraining_events.training_data_hash IS 'SHA-256 of the training rows as prepared.';
COMMENT ON COLUMN model_retraining_events.training_data_size IS 'Training rows.';
COMMENT ON COLUMN model_retraining_events.hyperparameters IS
    'What the trainer was given; while it is open, what was requested.';
COMMENT ON COLUMN model_retraining_events.training_duration IS 'Seconds that the training took.';
COMMENT ON COLUMN model_retraining_events.memory_usage IS
    'peak_mib and mean_mib: memory of the training process and all it started.';
COMMENT ON COLUMN model_retraining_events.gpu_usage IS
    'Memory and utilisation of the GPU at their peak; NULL where there is none.';
COMMENT ON COLUMN model_retraining_events.retraining_notes IS
    'What people note; may still be written after the event closed.';
COMMENT ON COLUMN model_retraining_events.report_path IS
    'As in retraining_decisions; with retraining_notes what may still be written after the event closed.';

-- Events begin decided (or as a dry run), move along the legal steps, and never change once closed. Columns that are
-- generated are empty in NEW here, and follow from those that are compared.
CREATE FUNCTION guard_retraining_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    legal text[];
    free  CONSTANT text[] := ARRAY['retraining_notes', 'report_path', 'improvement_r2_percent',
                                   'improvement_rmse_percent', 'improvement_accuracy_percent'];
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status NOT IN ('decided', 'dry_run') THEN
            RAISE EXCEPTION 'an event begins as decided or dry_run, not as %', NEW.status
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.status NOT IN ('decided', 'executing') THEN
        IF to_jsonb(NEW) - free IS DISTINCT FROM to_jsonb(OLD) - free THEN
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
COMMENT ON FUNCTION guard_retraining_event IS 'Holds events to the legal steps of their status; closed ones stay.';

CREATE TRIGGER guard_retraining_event BEFORE INSERT OR UPDATE ON model_retraining_events
    FOR EACH ROW EXECUTE FUNCTION guard_retraining_event();
CREATE TRIGGER append_only BEFORE DELETE ON model_retraining_events
    FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER append_only_as_a_whole BEFORE TRUNCATE ON model_retraining_events
    FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();

-- Key of the session-level advisory lock whose holder may retrain the model. Postgres frees it with the session. Such a
-- key counts in the whole database, so it is made of where these records are (their table) and who they are.
CREATE FUNCTION retraining_lock_key(model_name text) RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (SELECT hashtextextended(format('right to retrain %s in %s of %s', model_name, i.tableoid::bigint, i.id), 0)
            FROM records_identity i);
COMMENT ON FUNCTION retraining_lock_key IS 'Key of the advisory lock whose holder may retrain the model.';

-- What a scraper of metrics would count anew each time, over all decisions and events ever made.
CREATE TABLE retraining_tallies (
    model_name text NOT NULL,
    tally      text NOT NULL CONSTRAINT retraining_tallies_tally CHECK (tally IN (
        'decision', 'trigger', 'outcome', 'error', 'sent', 'unsent')),
    label      text NOT NULL,
    total      bigint NOT NULL CONSTRAINT retraining_tallies_total CHECK (total > 0),
    CONSTRAINT retraining_tallies_key PRIMARY KEY (model_name, tally, label)
) WITH (fillfactor = 50);
COMMENT ON TABLE retraining_tallies IS
    'How many decisions, events and tries to deliver of a kind there have been, counted as they are written down; no '
    'dry runs. Totals only rise.';
COMMENT ON COLUMN retraining_tallies.model_name IS 'Name of the model, as in its file; empty for tries to deliver.';
COMMENT ON COLUMN retraining_tallies.tally IS
    'decision: rows of retraining_decisions. trigger: events that began. outcome: events that ended. error: those of '
    'them that failed or were abandoned. sent, unsent: tries to deliver a notification that succeeded, and that failed.';
COMMENT ON COLUMN retraining_tallies.label IS
    'Of a decision quiet, blocked or fired; of a trigger its name; of an outcome the status; of an error its class, or '
    'unknown; of tries the name of the service.';
COMMENT ON COLUMN retraining_tallies.total IS 'How many.';

-- What statistics of a period would count anew each time: nine decisions in ten.
CREATE TABLE quiet_days (
    model_name text NOT NULL,
    day        date NOT NULL,
    checks     integer NOT NULL CONSTRAINT quiet_days_checks CHECK (checks > 0),
    CONSTRAINT quiet_days_key PRIMARY KEY (model_name, day)
) WITH (fillfactor = 80);
CREATE INDEX quiet_days_by_day ON quiet_days (day) INCLUDE (model_name, checks);
COMMENT ON TABLE quiet_days IS
    'How many decisions of a day were not to retrain a model, counted as they are written down; no dry runs.';
COMMENT ON COLUMN quiet_days.model_name IS 'Name of the model, as in its file.';
COMMENT ON COLUMN quiet_days.day IS 'The day, in UTC, in which it was decided.';
COMMENT ON COLUMN quiet_days.checks IS 'How many.';

CREATE FUNCTION tally_decisions() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO retraining_tallies (model_name, tally, label, total)
    SELECT d.model_name, 'decision', d.answer, count(*)
    FROM (
        SELECT model_name, run_id,
               CASE WHEN triggered THEN 'fired' WHEN blocked_by <> '[]' THEN 'blocked' ELSE 'quiet' END AS answer
        FROM added
    ) d
    JOIN retraining_runs r ON r.model_name = d.model_name AND r.run_id = d.run_id AND NOT r.dry_run
    GROUP BY d.model_name, d.answer
    ORDER BY d.model_name, d.answer
    ON CONFLICT (model_name, tally, label) DO UPDATE SET total = retraining_tallies.total + excluded.total;
    INSERT INTO quiet_days (model_name, day, checks)
    SELECT a.model_name, (a.decided_at AT TIME ZONE 'UTC')::date, count(*)
    FROM added a
    JOIN retraining_runs r ON r.model_name = a.model_name AND r.run_id = a.run_id AND NOT r.dry_run
    WHERE NOT a.triggered
    GROUP BY 1, 2
    ORDER BY 1, 2
    ON CONFLICT (model_name, day) DO UPDATE SET checks = quiet_days.checks + excluded.checks;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION tally_decisions IS 'Counts the decisions that a statement adds.';

CREATE FUNCTION tally_event() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO retraining_tallies (model_name, tally, label, total)
    SELECT NEW.model_name, counted.tally, counted.label, 1
    FROM (VALUES
        ('error', coalesce(nullif(NEW.error_type, ''), 'unknown'),
         TG_OP = 'UPDATE' AND NEW.status IN ('failed', 'abandoned')),
        ('outcome', NEW.status, TG_OP = 'UPDATE'),
        ('trigger', NEW.trigger_type, TG_OP = 'INSERT')
    ) AS counted (tally, label, wanted)
    WHERE counted.wanted
    ORDER BY counted.tally
    ON CONFLICT (model_name, tally, label) DO UPDATE SET total = retraining_tallies.total + excluded.total;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION tally_event IS 'Counts an event that begins, or that ends.';
REVOKE EXECUTE ON FUNCTION tally_decisions, tally_event FROM PUBLIC;

CREATE TRIGGER tally_decisions AFTER INSERT ON retraining_decisions
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION tally_decisions();
CREATE TRIGGER tally_begun_event AFTER INSERT ON model_retraining_events
    FOR EACH ROW WHEN (NEW.status <> 'dry_run') EXECUTE FUNCTION tally_event();
CREATE TRIGGER tally_ended_event AFTER UPDATE ON model_retraining_events
    FOR EACH ROW WHEN (OLD.status IN ('decided', 'executing') AND NEW.status NOT IN ('decided', 'executing'))
    EXECUTE FUNCTION tally_event();
