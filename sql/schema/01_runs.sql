-- What was registered, what each run saw of a model, and what it decided. Nothing here is ever trained or published.

CREATE TABLE records_identity (
    id       uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT records_identity_key PRIMARY KEY,
    only_one boolean NOT NULL DEFAULT true
        CONSTRAINT records_identity_is_one_row UNIQUE
        CONSTRAINT records_identity_only_one CHECK (only_one)
);
COMMENT ON TABLE records_identity IS
    'One row. A copy of this database, restored from a backup, has the same: it is the same records.';
COMMENT ON COLUMN records_identity.id IS 'Who these records are: an artifacts folder belongs to one records database.';
COMMENT ON COLUMN records_identity.only_one IS 'Always true; there cannot be a second row.';
INSERT INTO records_identity DEFAULT VALUES;

-- Where these records are, as far as the server can say: another server, another database or another table is another
-- place. A failover to a standby and a change of a name are none.
CREATE FUNCTION records_place() RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    server text := '';
BEGIN
    BEGIN
        SELECT system_identifier::text INTO server FROM pg_control_system();
    EXCEPTION WHEN insufficient_privilege THEN
        server := '';  -- a host that lets nobody ask: database and table are left
    END;
    RETURN (SELECT concat_ws('/', server, d.oid, i.tableoid::bigint)
            FROM records_identity i, pg_database d WHERE d.datname = current_database());
END;
$$;
COMMENT ON FUNCTION records_place IS 'Server, database and table that hold these records: a copy is somewhere else.';

CREATE TABLE records_places (
    id       bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT records_places_key PRIMARY KEY,
    mark     uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT records_places_mark UNIQUE,
    kind     text NOT NULL CONSTRAINT records_places_kind CHECK (kind IN ('written', 'adopted', 'new')),
    place    text NOT NULL,
    told     text NOT NULL,
    noted_by text NOT NULL,
    noted_at timestamptz NOT NULL
);
COMMENT ON TABLE records_places IS
    'One time that these records wrote beside their artifacts, or that somebody said what a copy is. Rows are only '
    'added.';
COMMENT ON COLUMN records_places.id IS 'Counts them; the last says where these records live.';
COMMENT ON COLUMN records_places.mark IS
    'What was written into records.json of the artifacts: one that is not here was written by other records.';
COMMENT ON COLUMN records_places.kind IS
    'written: by a retraining or a publication. adopted: these records go on here. new: they are others from here on.';
COMMENT ON COLUMN records_places.place IS 'As records_place() had it then.';
COMMENT ON COLUMN records_places.told IS 'The same for people: names of database and schema, number of the server.';
COMMENT ON COLUMN records_places.noted_by IS 'Who did it.';
COMMENT ON COLUMN records_places.noted_at IS 'When.';

CREATE TABLE auto_retraining_jobs (
    model_name    text NOT NULL CONSTRAINT auto_retraining_jobs_key PRIMARY KEY,
    config_hash   text NOT NULL,
    config        jsonb NOT NULL,
    registered_at timestamptz NOT NULL,
    changed_at    timestamptz NOT NULL,
    last_seen_at  timestamptz NOT NULL,
    -- What a list of all models shows, without reading a thousand model files for it.
    owner         text NOT NULL GENERATED ALWAYS AS (coalesce(config ->> 'owner', '')) STORED,
    tags          jsonb NOT NULL GENERATED ALWAYS AS (coalesce(config -> 'tags', '[]')) STORED,
    enabled       boolean NOT NULL GENERATED ALWAYS AS (coalesce(config -> 'enabled' <> 'false', true)) STORED,
    metric        text NOT NULL GENERATED ALWAYS AS (coalesce(config ->> 'metric', '')) STORED,
    check_every   text GENERATED ALWAYS AS (config ->> 'check_every') STORED,
    false_retrains_per_quarter double precision GENERATED ALWAYS AS (
        (config #>> '{effective,settings,false_retrains_per_quarter}')::double precision) STORED,
    worth_of_loss double precision GENERATED ALWAYS AS (
        (config #>> '{effective,worth,per_unit_of_loss}')::double precision
        * (config #>> '{effective,worth,horizon_seconds}')::double precision) STORED
);
COMMENT ON TABLE auto_retraining_jobs IS
    'One registered model and its effective settings as last seen. The model file is the truth; this is a copy.';
COMMENT ON COLUMN auto_retraining_jobs.model_name IS 'Name of the model, as in its file.';
COMMENT ON COLUMN auto_retraining_jobs.config_hash IS 'SHA-256 of the effective settings.';
COMMENT ON COLUMN auto_retraining_jobs.config IS
    'The model file as read, and under "effective" what preset, file and environment together come to.';
COMMENT ON COLUMN auto_retraining_jobs.registered_at IS 'When a run first saw the model.';
COMMENT ON COLUMN auto_retraining_jobs.changed_at IS 'When a run first saw the present config_hash.';
COMMENT ON COLUMN auto_retraining_jobs.last_seen_at IS 'When a run last saw the model.';
COMMENT ON COLUMN auto_retraining_jobs.owner IS 'Generated from config: whom to ask; empty for nobody.';
COMMENT ON COLUMN auto_retraining_jobs.tags IS 'Generated from config: an array of tags.';
COMMENT ON COLUMN auto_retraining_jobs.enabled IS 'Generated from config: whether the runs by schedule look at it.';
COMMENT ON COLUMN auto_retraining_jobs.metric IS 'Generated from config: the metric that decides; empty for none.';
COMMENT ON COLUMN auto_retraining_jobs.check_every IS
    'Generated from config: how often it is to be checked, for example 6h.';
COMMENT ON COLUMN auto_retraining_jobs.false_retrains_per_quarter IS
    'Generated from config: how many false retrains the policy allows in 90 days; NULL for none said.';
COMMENT ON COLUMN auto_retraining_jobs.worth_of_loss IS
    'Generated from config: what a unit of loss is worth over the horizon if one row came a second; NULL without costs.';

CREATE TABLE model_file_history (
    id          bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT model_file_history_key PRIMARY KEY,
    model_name  text NOT NULL CONSTRAINT model_file_history_model REFERENCES auto_retraining_jobs,
    config_hash text NOT NULL,
    config      jsonb NOT NULL,
    seen_at     timestamptz NOT NULL
);
CREATE INDEX model_file_history_by_model ON model_file_history (model_name, id DESC);
COMMENT ON TABLE model_file_history IS 'Each model file that was in force, from seen_at on. Rows are only added.';
COMMENT ON COLUMN model_file_history.id IS 'Counts the changes of all model files, in their order.';
COMMENT ON COLUMN model_file_history.model_name IS 'Name of the model, as in its file.';
COMMENT ON COLUMN model_file_history.config_hash IS 'SHA-256 of the effective settings.';
COMMENT ON COLUMN model_file_history.config IS 'As in auto_retraining_jobs.';
COMMENT ON COLUMN model_file_history.seen_at IS 'When a run first saw it in place of the one before.';

-- In the transaction that takes the row of the model, so that two runs that see a new file note it once.
CREATE FUNCTION note_model_file() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO model_file_history (model_name, config_hash, config, seen_at)
    VALUES (NEW.model_name, NEW.config_hash, NEW.config, NEW.changed_at);
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION note_model_file IS 'Adds a row to model_file_history for a model file that is new or changed.';
REVOKE EXECUTE ON FUNCTION note_model_file FROM PUBLIC;
CREATE TRIGGER note_new_model_file AFTER INSERT ON auto_retraining_jobs
    FOR EACH ROW EXECUTE FUNCTION note_model_file();
CREATE TRIGGER note_changed_model_file AFTER UPDATE ON auto_retraining_jobs
    FOR EACH ROW WHEN (NEW.config_hash <> OLD.config_hash) EXECUTE FUNCTION note_model_file();

-- One row a run and model, kept for ever. It is what makes a run exactly-once: the tables below are partitioned by
-- month, so their keys must hold as_of, and only this one can say that a run has looked at a model once.
CREATE TABLE retraining_runs (
    model_name       text NOT NULL,
    run_id           text NOT NULL,
    as_of            timestamptz NOT NULL,
    request_reason   text NOT NULL DEFAULT '',
    requested_by     text NOT NULL,
    force            boolean NOT NULL DEFAULT false,
    dry_run          boolean NOT NULL DEFAULT false,
    preset           text NOT NULL DEFAULT '',
    elsewhere        boolean NOT NULL DEFAULT false,
    window_start     timestamptz,
    window_end       timestamptz NOT NULL,
    rows             bigint NOT NULL CONSTRAINT retraining_runs_rows CHECK (rows >= 0),
    labelled_rows    bigint NOT NULL,
    champion_version integer,
    data_hash        text,
    analyzed_at      timestamptz NOT NULL,
    CONSTRAINT retraining_runs_key PRIMARY KEY (model_name, run_id),
    CONSTRAINT retraining_runs_key_and_time UNIQUE (model_name, run_id, as_of),
    CONSTRAINT retraining_runs_labelled_rows CHECK (labelled_rows BETWEEN 0 AND rows)
);
CREATE INDEX retraining_runs_by_run ON retraining_runs (run_id);
CREATE INDEX retraining_runs_by_time ON retraining_runs (model_name, as_of DESC, run_id COLLATE "C" DESC);
CREATE INDEX retraining_runs_by_champion ON retraining_runs (model_name, champion_version, as_of DESC);
CREATE INDEX dry_runs ON retraining_runs (model_name, run_id) WHERE dry_run;
CREATE INDEX retraining_runs_by_analyzed_at ON retraining_runs (analyzed_at);
COMMENT ON TABLE retraining_runs IS
    'One run''s look at one model: what was wanted of it and which rows it saw. Kept for ever; what it found in them '
    'is in retraining_analyses, model_drift_monitoring and model_performance_tracking, of which old months may be '
    'dropped.';
COMMENT ON COLUMN retraining_runs.model_name IS 'Name of the model, as in its file.';
COMMENT ON COLUMN retraining_runs.run_id IS 'Airflow''s id of the run, or the one that a command made.';
COMMENT ON COLUMN retraining_runs.as_of IS 'End of the recent window that the run was to look at.';
COMMENT ON COLUMN retraining_runs.request_reason IS 'Why somebody started the run; empty for a run by schedule.';
COMMENT ON COLUMN retraining_runs.requested_by IS 'Who started the run: a person, or the schedule.';
COMMENT ON COLUMN retraining_runs.force IS 'Whether it was to retrain whatever the rows say.';
COMMENT ON COLUMN retraining_runs.dry_run IS 'Whether it was to decide only: nothing is trained, nobody is told.';
COMMENT ON COLUMN retraining_runs.preset IS 'Preset of the policy for this run only; empty for that of the model file.';
COMMENT ON COLUMN retraining_runs.elsewhere IS
    'Whether its version is trained by others, who say when it is done; the run id is then that of the retraining.';
COMMENT ON COLUMN retraining_runs.window_start IS 'Start of the recent rows; NULL for a model without timestamps.';
COMMENT ON COLUMN retraining_runs.window_end IS 'End of the recent rows, excluded.';
COMMENT ON COLUMN retraining_runs.rows IS 'How many recent rows it saw.';
COMMENT ON COLUMN retraining_runs.labelled_rows IS 'How many of them had their label already.';
COMMENT ON COLUMN retraining_runs.champion_version IS 'In production when the run looked; NULL for none.';
COMMENT ON COLUMN retraining_runs.data_hash IS 'Hash of all rows that it saw; NULL where no trigger needs it.';
COMMENT ON COLUMN retraining_runs.analyzed_at IS 'When the analysis was written down.';

CREATE TABLE retraining_analyses (
    model_name     text NOT NULL,
    run_id         text NOT NULL,
    as_of          timestamptz NOT NULL,
    running_errors jsonb,
    facts          jsonb NOT NULL DEFAULT '{}',
    distributions  jsonb NOT NULL DEFAULT '[]',
    CONSTRAINT retraining_analyses_key PRIMARY KEY (model_name, run_id, as_of),
    CONSTRAINT retraining_analyses_run FOREIGN KEY (model_name, run_id, as_of)
        REFERENCES retraining_runs (model_name, run_id, as_of)
) PARTITION BY RANGE (as_of);
COMMENT ON TABLE retraining_analyses IS
    'What one run worked out about one model besides signals and measurements. Partitioned by month of as_of.';
COMMENT ON COLUMN retraining_analyses.model_name IS 'Name of the model, as in its file.';
COMMENT ON COLUMN retraining_analyses.run_id IS 'The run, as in retraining_runs.';
COMMENT ON COLUMN retraining_analyses.as_of IS 'Time of the run, as in retraining_runs; its month is the partition.';
COMMENT ON COLUMN retraining_analyses.running_errors IS
    'State of the Page-Hinkley test: the champion''s errors so far, this run''s rows counted in; the next run of the '
    'same champion goes on from there, so that each labelled row counts once although windows overlap.';
COMMENT ON COLUMN retraining_analyses.facts IS
    'New rows since the champion''s last, hash of all rows, values of the probes, broken rows: as far as the run '
    'learnt them.';
COMMENT ON COLUMN retraining_analyses.distributions IS
    'Of the columns that changed most, a dozen at most: share of the values in each bar, of the reference and now.';

CREATE TABLE model_drift_monitoring (
    id         bigint GENERATED ALWAYS AS IDENTITY,
    model_name text NOT NULL,
    run_id     text NOT NULL,
    as_of      timestamptz NOT NULL,
    kind       text NOT NULL,
    feature    text NOT NULL DEFAULT '',
    statistic  text NOT NULL,
    verdict    text NOT NULL
        CONSTRAINT model_drift_monitoring_verdict CHECK (verdict IN ('no_data', 'inconclusive', 'stable', 'changed')),
    value      double precision,
    threshold  double precision,
    p_value    double precision,
    level      double precision,
    blocks     boolean NOT NULL DEFAULT false,
    alert      boolean NOT NULL GENERATED ALWAYS AS (verdict = 'changed') STORED,
    reason     text NOT NULL,
    detail      jsonb NOT NULL DEFAULT '{}',
    measured_at timestamptz NOT NULL,
    CONSTRAINT model_drift_monitoring_id PRIMARY KEY (id, as_of),
    CONSTRAINT model_drift_monitoring_key UNIQUE (model_name, run_id, as_of, kind, feature, statistic),
    CONSTRAINT model_drift_monitoring_run FOREIGN KEY (model_name, run_id, as_of)
        REFERENCES retraining_runs (model_name, run_id, as_of)
) PARTITION BY RANGE (as_of);
CREATE INDEX model_drift_monitoring_looks ON model_drift_monitoring (model_name, kind, as_of)
    WHERE kind IN ('probation', 'shadow');
COMMENT ON TABLE model_drift_monitoring IS
    'One signal: one statistic of one feature (or of the whole model) in one run. Partitioned by month of as_of.';
COMMENT ON COLUMN model_drift_monitoring.id IS 'Counts the signals in the order in which they were written down.';
COMMENT ON COLUMN model_drift_monitoring.model_name IS 'Name of the model, as in its file.';
COMMENT ON COLUMN model_drift_monitoring.run_id IS 'The run, as in retraining_runs.';
COMMENT ON COLUMN model_drift_monitoring.as_of IS 'Time of the run, as in retraining_runs; its month is the partition.';
COMMENT ON COLUMN model_drift_monitoring.kind IS
    'What may have changed: data_drift, concept_drift, performance, data_quality, probation and so on.';
COMMENT ON COLUMN model_drift_monitoring.feature IS 'The column; empty for signals about the model as a whole.';
COMMENT ON COLUMN model_drift_monitoring.statistic IS 'What was measured, for example ks, psi or rmse.';
COMMENT ON COLUMN model_drift_monitoring.verdict IS 'no_data, inconclusive, stable or changed.';
COMMENT ON COLUMN model_drift_monitoring.value IS
    'Size of the effect, in the unit of the statistic; NULL without data.';
COMMENT ON COLUMN model_drift_monitoring.threshold IS 'The value from which on the effect matters.';
COMMENT ON COLUMN model_drift_monitoring.p_value IS
    'Chance of an effect like this where nothing has changed; NULL for a statistic without test.';
COMMENT ON COLUMN model_drift_monitoring.level IS
    'Significance level that p_value had to meet, corrected for the number of features.';
COMMENT ON COLUMN model_drift_monitoring.blocks IS 'Whether the rows are too broken to train on.';
COMMENT ON COLUMN model_drift_monitoring.alert IS 'Generated: whether the verdict is changed.';
COMMENT ON COLUMN model_drift_monitoring.measured_at IS 'When it was written down.';
COMMENT ON COLUMN model_drift_monitoring.reason IS 'The verdict in one sentence.';
COMMENT ON COLUMN model_drift_monitoring.detail IS 'Further numbers of the statistic, by name.';

CREATE TABLE model_performance_tracking (
    id          bigint GENERATED ALWAYS AS IDENTITY,
    model_name  text NOT NULL,
    run_id      text NOT NULL,
    as_of       timestamptz NOT NULL,
    version     integer NOT NULL,
    metric      text NOT NULL,
    value       double precision,
    rows        bigint NOT NULL CONSTRAINT model_performance_tracking_rows CHECK (rows >= 0),
    low         double precision,
    high        double precision,
    measured_at timestamptz NOT NULL,
    CONSTRAINT model_performance_tracking_id PRIMARY KEY (id, as_of),
    CONSTRAINT model_performance_tracking_key UNIQUE (model_name, run_id, as_of, version, metric),
    CONSTRAINT model_performance_tracking_run FOREIGN KEY (model_name, run_id, as_of)
        REFERENCES retraining_runs (model_name, run_id, as_of)
) PARTITION BY RANGE (as_of);
CREATE INDEX model_performance_tracking_by_version ON model_performance_tracking (model_name, version, metric, as_of);
COMMENT ON TABLE model_performance_tracking IS
    'One metric of one version on the recent labelled rows of one run. Partitioned by month of as_of.';
COMMENT ON COLUMN model_performance_tracking.id IS
    'Counts the measurements in the order in which they were written down.';
COMMENT ON COLUMN model_performance_tracking.model_name IS 'Name of the model, as in its file.';
COMMENT ON COLUMN model_performance_tracking.run_id IS 'The run, as in retraining_runs.';
COMMENT ON COLUMN model_performance_tracking.as_of IS
    'Time of the run, as in retraining_runs; its month is the partition.';
COMMENT ON COLUMN model_performance_tracking.version IS 'The version that was measured.';
COMMENT ON COLUMN model_performance_tracking.metric IS 'Name of the metric, for example rmse.';
COMMENT ON COLUMN model_performance_tracking.value IS 'NULL where the metric is not defined on these rows.';
COMMENT ON COLUMN model_performance_tracking.rows IS 'Labelled rows that it was measured on.';
COMMENT ON COLUMN model_performance_tracking.low IS
    'Lower end of the 90 % interval of the value, autocorrelation of the rows counted; NULL where there is none.';
COMMENT ON COLUMN model_performance_tracking.high IS 'Upper end of that interval.';
COMMENT ON COLUMN model_performance_tracking.measured_at IS 'When it was written down.';

CREATE TABLE retraining_decisions (
    model_name     text NOT NULL,
    run_id         text NOT NULL,
    triggered      boolean NOT NULL,
    trigger_type   text NOT NULL,
    severity       text NOT NULL
        CONSTRAINT retraining_decisions_severity CHECK (severity IN ('LOW', 'MEDIUM', 'HIGH', 'CRITICAL')),
    confidence     double precision NOT NULL,
    reason         text NOT NULL,
    root_cause     text NOT NULL,
    blocked_by     jsonb NOT NULL,
    recommendation text NOT NULL,
    triggers       jsonb NOT NULL,
    cause          text NOT NULL DEFAULT '' CONSTRAINT retraining_decisions_cause CHECK (cause IN (
        '', 'data_quality', 'covariate_shift', 'concept_shift', 'covariate_and_concept_shift', 'unknown')),
    features       jsonb NOT NULL DEFAULT '[]',
    loss_explained double precision
        CONSTRAINT retraining_decisions_loss_explained CHECK (loss_explained BETWEEN 0 AND 1),
    expected_gain  double precision,
    training_cost  double precision,
    nearest_trigger text NOT NULL DEFAULT '',
    nearness       double precision CONSTRAINT retraining_decisions_nearness CHECK (nearness >= 0),
    report_path    text,
    decided_at     timestamptz NOT NULL,
    CONSTRAINT retraining_decisions_key PRIMARY KEY (model_name, run_id),
    CONSTRAINT retraining_decisions_run FOREIGN KEY (model_name, run_id) REFERENCES retraining_runs
);
CREATE INDEX retraining_decisions_by_run ON retraining_decisions (run_id);
CREATE INDEX retraining_decisions_by_model ON retraining_decisions (model_name, decided_at DESC, run_id DESC);
CREATE INDEX retraining_decisions_by_time ON retraining_decisions (decided_at DESC, model_name DESC, run_id DESC)
    INCLUDE (triggered);
CREATE INDEX retraining_decisions_that_fired ON retraining_decisions (decided_at DESC, model_name DESC, run_id DESC)
    WHERE triggered;
CREATE INDEX retraining_decisions_blocked ON retraining_decisions (decided_at DESC, model_name DESC, run_id DESC)
    WHERE NOT triggered AND blocked_by <> '[]';
COMMENT ON TABLE retraining_decisions IS 'Every decision, "no" included, with what kept it from being the other one.';
COMMENT ON COLUMN retraining_decisions.model_name IS 'Name of the model, as in its file.';
COMMENT ON COLUMN retraining_decisions.run_id IS 'The run, as in retraining_runs.';
COMMENT ON COLUMN retraining_decisions.triggered IS 'Whether it is to be retrained.';
COMMENT ON COLUMN retraining_decisions.trigger_type IS 'The trigger that weighs most; empty when none fired.';
COMMENT ON COLUMN retraining_decisions.severity IS 'LOW, MEDIUM, HIGH or CRITICAL.';
COMMENT ON COLUMN retraining_decisions.confidence IS 'How sure it is that something has changed, from 0 to 1.';
COMMENT ON COLUMN retraining_decisions.reason IS 'The decision in one sentence.';
COMMENT ON COLUMN retraining_decisions.root_cause IS 'What most likely lies behind it, in one sentence.';
COMMENT ON COLUMN retraining_decisions.blocked_by IS
    'What kept a wanted retrain from happening; an empty array for nothing.';
COMMENT ON COLUMN retraining_decisions.recommendation IS 'What a person should do.';
COMMENT ON COLUMN retraining_decisions.triggers IS 'Every trigger: fired, value, threshold, distance, reason.';
COMMENT ON COLUMN retraining_decisions.cause IS
    'The root cause as one word: data_quality, covariate_shift, concept_shift, covariate_and_concept_shift or '
    'unknown; empty where nothing changed.';
COMMENT ON COLUMN retraining_decisions.features IS
    'Columns that broke, or else those that changed, the most telling first.';
COMMENT ON COLUMN retraining_decisions.loss_explained IS
    'Share of the rise of the loss that the changed columns explain: an estimate; NULL where not measured.';
COMMENT ON COLUMN retraining_decisions.expected_gain IS
    'Over the horizon of the policy, in the unit of its costs; NULL without costs or labels.';
COMMENT ON COLUMN retraining_decisions.training_cost IS
    'What the retrain would cost, in that unit; NULL without costs.';
COMMENT ON COLUMN retraining_decisions.nearest_trigger IS
    'The trigger on which it hangs whether the policy fires; empty where none has a threshold.';
COMMENT ON COLUMN retraining_decisions.nearness IS
    'Share of that trigger''s threshold that is there: 1 or more where it fires, or would were nothing blocking it.';
COMMENT ON COLUMN retraining_decisions.report_path IS
    'Folder of the run''s report, relative to the artifacts folder; NULL until it is written.';
COMMENT ON COLUMN retraining_decisions.decided_at IS 'When the decision was written down.';

CREATE TABLE retraining_failures (
    id           bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT retraining_failures_key PRIMARY KEY,
    failure_id   uuid NOT NULL CONSTRAINT retraining_failures_once UNIQUE,
    model_name   text NOT NULL,
    run_id       text NOT NULL DEFAULT '',
    step         text NOT NULL CONSTRAINT retraining_failures_step CHECK (
        step IN ('choose', 'analyze', 'decide', 'roll_back', 'approve', 'execute', 'publish', 'log', 'notify')),
    error_type   text NOT NULL,
    error        text NOT NULL,
    permanent    boolean NOT NULL,
    requested_by text NOT NULL DEFAULT '',
    failed_at    timestamptz NOT NULL
);
CREATE INDEX retraining_failures_by_model ON retraining_failures (model_name, failed_at DESC);
CREATE INDEX retraining_failures_by_time ON retraining_failures (failed_at);
CREATE INDEX retraining_failures_by_run ON retraining_failures (run_id);
COMMENT ON TABLE retraining_failures IS
    'One try of one step of a run that ended with an error: a source that was not there, a broken model file, a '
    'training that failed. A step that is tried again has a row each time.';
COMMENT ON COLUMN retraining_failures.id IS 'Counts the failures in the order in which they were written down.';
COMMENT ON COLUMN retraining_failures.failure_id IS
    'Which failure it is: one that had to wait beside the records for the database to come back is written down once.';
COMMENT ON COLUMN retraining_failures.model_name IS
    'Name of the model, as in its file; empty for what failed for all of them.';
COMMENT ON COLUMN retraining_failures.run_id IS
    'The run; it has no row in retraining_runs where its analysis failed. Empty outside of a run.';
COMMENT ON COLUMN retraining_failures.step IS
    'choose (which models), analyze, decide, roll_back, approve, execute, publish, log or notify (a service did not take a message).';
COMMENT ON COLUMN retraining_failures.error_type IS 'Class of the error, for example SourceUnavailable.';
COMMENT ON COLUMN retraining_failures.error IS 'What it said; passwords are blotted out.';
COMMENT ON COLUMN retraining_failures.permanent IS
    'Whether trying again cannot help: somebody has to correct something.';
COMMENT ON COLUMN retraining_failures.requested_by IS 'Who started the run; empty where that is not known.';
COMMENT ON COLUMN retraining_failures.failed_at IS 'When it failed.';

CREATE FUNCTION forbid_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append only: % is not allowed', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END;
$$;
COMMENT ON FUNCTION forbid_change IS
    'Refuses what would change or remove rows of a table to which rows are only added.';

-- What a decision was made on never changes after it; until then a run that is tried again replaces it.
CREATE FUNCTION guard_evidence() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    model CONSTANT text := CASE TG_OP WHEN 'DELETE' THEN OLD.model_name ELSE NEW.model_name END;
    run   CONSTANT text := CASE TG_OP WHEN 'DELETE' THEN OLD.run_id ELSE NEW.run_id END;
BEGIN
    IF EXISTS (SELECT FROM retraining_decisions WHERE model_name = model AND run_id = run) THEN
        RAISE EXCEPTION '%: what run % saw of % was decided on and never changes', TG_TABLE_NAME, run, model
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END;
$$;
COMMENT ON FUNCTION guard_evidence IS 'Refuses a change of what a run saw once there is a decision on it.';

CREATE FUNCTION guard_decision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - 'report_path' IS DISTINCT FROM to_jsonb(OLD) - 'report_path' THEN
        RAISE EXCEPTION 'the decision of run % about % never changes', OLD.run_id, OLD.model_name
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION guard_decision IS 'Refuses a change of a decision; only the place of its report may be noted.';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON model_file_history
    FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER append_only_as_a_whole BEFORE TRUNCATE ON model_file_history
    FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER guard_evidence BEFORE UPDATE ON retraining_runs
    FOR EACH ROW EXECUTE FUNCTION guard_evidence();
CREATE TRIGGER append_only BEFORE DELETE ON retraining_runs
    FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER append_only_as_a_whole BEFORE TRUNCATE ON retraining_runs
    FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER guard_decision BEFORE UPDATE ON retraining_decisions
    FOR EACH ROW EXECUTE FUNCTION guard_decision();
CREATE TRIGGER append_only BEFORE DELETE ON retraining_decisions
    FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER append_only_as_a_whole BEFORE TRUNCATE ON retraining_decisions
    FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON retraining_failures
    FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER append_only_as_a_whole BEFORE TRUNCATE ON retraining_failures
    FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER guard_evidence BEFORE INSERT OR DELETE ON retraining_analyses
    FOR EACH ROW EXECUTE FUNCTION guard_evidence();
CREATE TRIGGER append_only BEFORE UPDATE ON retraining_analyses
    FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER append_only_as_a_whole BEFORE TRUNCATE ON retraining_analyses
    FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER guard_evidence BEFORE INSERT OR DELETE ON model_drift_monitoring
    FOR EACH ROW EXECUTE FUNCTION guard_evidence();
CREATE TRIGGER append_only BEFORE UPDATE ON model_drift_monitoring
    FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER append_only_as_a_whole BEFORE TRUNCATE ON model_drift_monitoring
    FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER guard_evidence BEFORE INSERT OR DELETE ON model_performance_tracking
    FOR EACH ROW EXECUTE FUNCTION guard_evidence();
CREATE TRIGGER append_only BEFORE UPDATE ON model_performance_tracking
    FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER append_only_as_a_whole BEFORE TRUNCATE ON model_performance_tracking
    FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();

-- Runs with the owner's rights, so that whoever writes records needs no right to make tables. It comes first in a
-- transaction, before that has written to retraining_runs: of two that had, neither would get the second lock below. The
-- first keeps retention away from the month until the transaction ends.
CREATE FUNCTION prepare_month(at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    first_day CONSTANT timestamp := date_trunc('month', at AT TIME ZONE 'UTC');
    month     CONSTANT text := to_char(first_day, 'YYYY_MM');
    wholes    CONSTANT text[] := ARRAY['retraining_analyses', 'model_drift_monitoring', 'model_performance_tracking'];
    whole     text;
BEGIN
    LOCK TABLE retraining_runs IN ACCESS SHARE MODE;
    IF (SELECT bool_and(to_regclass(each || '_' || month) IS NOT NULL) FROM unnest(wholes) AS each) THEN
        RETURN;
    END IF;
    LOCK TABLE retraining_runs IN SHARE ROW EXCLUSIVE MODE;
    FOREACH whole IN ARRAY wholes LOOP
        CONTINUE WHEN to_regclass(whole || '_' || month) IS NOT NULL;  -- another process made it meanwhile
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING COMMENTS INCLUDING CONSTRAINTS INCLUDING DEFAULTS'
                       ' INCLUDING GENERATED)',
                       whole || '_' || month, whole);
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', whole, whole || '_' || month,
                       first_day AT TIME ZONE 'UTC', (first_day + interval '1 month') AT TIME ZONE 'UTC');
        EXECUTE format('CREATE TRIGGER append_only_as_a_whole BEFORE TRUNCATE ON %I'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION forbid_change()', whole || '_' || month);
        EXECUTE format('COMMENT ON TABLE %I IS %L', whole || '_' || month, 'One month (UTC) of ' || whole || '.');
    END LOOP;
END;
$$;
COMMENT ON FUNCTION prepare_month IS
    'Makes the partitions for the month of a time, if they are missing. Whoever writes calls it first.';
REVOKE EXECUTE ON FUNCTION prepare_month FROM PUBLIC;

CREATE TABLE dropped_months (
    id         bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT dropped_months_key PRIMARY KEY,
    table_name text NOT NULL CONSTRAINT dropped_months_table CHECK (table_name IN (
        'retraining_analyses', 'model_drift_monitoring', 'model_performance_tracking')),
    month      timestamptz NOT NULL,
    rows       bigint NOT NULL CONSTRAINT dropped_months_rows CHECK (rows >= 0),
    bytes      bigint NOT NULL CONSTRAINT dropped_months_bytes CHECK (bytes >= 0),
    dropped_by text NOT NULL CONSTRAINT dropped_months_dropped_by_somebody CHECK (dropped_by <> ''),
    dropped_at timestamptz NOT NULL
);
CREATE INDEX dropped_months_by_time ON dropped_months (dropped_at);
COMMENT ON TABLE dropped_months IS
    'One month of one table that retention removed: what tells "removed" from "never there". Rows are only added.';
COMMENT ON COLUMN dropped_months.id IS 'Counts the removed months in the order in which they were removed.';
COMMENT ON COLUMN dropped_months.table_name IS 'Which of the tables that are kept by month.';
COMMENT ON COLUMN dropped_months.month IS
    'First moment of the month (UTC). A run for a time of it, made later, makes the month again.';
COMMENT ON COLUMN dropped_months.rows IS 'How many rows it had.';
COMMENT ON COLUMN dropped_months.bytes IS 'What it took on the disk, indexes counted in.';
COMMENT ON COLUMN dropped_months.dropped_by IS 'Who had it removed.';
COMMENT ON COLUMN dropped_months.dropped_at IS 'When.';
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON dropped_months
    FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER append_only_as_a_whole BEFORE TRUNCATE ON dropped_months
    FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();

-- Who waits for a lock makes all wait who come after him: here for one lock, half a second at most. The others are taken
-- at once or not at all, so that nobody waits in a circle; whoever called tries again.
CREATE FUNCTION drop_month(whole text, at timestamptz, by text) RETURNS SETOF dropped_months
LANGUAGE plpgsql SET search_path FROM CURRENT SET lock_timeout TO '500ms' AS $$
DECLARE
    first_day CONSTANT timestamp := date_trunc('month', at AT TIME ZONE 'UTC');
    part      CONSTANT text := whole || '_' || to_char(first_day, 'YYYY_MM');
    row_count bigint;
    byte_count bigint;
BEGIN
    IF (first_day + interval '1 month') AT TIME ZONE 'UTC' > now() THEN
        RAISE EXCEPTION 'month % is not over', to_char(first_day, 'YYYY-MM')
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('retention of the records', 0));  -- one after the other
    IF NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = to_regclass(part) AND i.inhparent = to_regclass(whole))
    THEN
        RETURN;  -- somebody else removed it
    END IF;
    EXECUTE format('SELECT count(*), pg_total_relation_size(%L) FROM %I', part, part) INTO row_count, byte_count;
    LOCK TABLE retraining_runs IN ACCESS EXCLUSIVE MODE;
    IF whole = 'model_performance_tracking' THEN  -- which refers to it
        LOCK TABLE model_version_management IN ACCESS EXCLUSIVE MODE NOWAIT;
    END IF;
    EXECUTE format('LOCK TABLE %I, %I IN ACCESS EXCLUSIVE MODE NOWAIT', whole, part);
    EXECUTE format('DROP TABLE %I', part);
    RETURN QUERY INSERT INTO dropped_months (table_name, month, rows, bytes, dropped_by, dropped_at)
        VALUES (whole, first_day AT TIME ZONE 'UTC', row_count, byte_count, by, clock_timestamp()) RETURNING *;
END;
$$;
COMMENT ON FUNCTION drop_month IS
    'Drops one month (UTC) of signals, measurements or analyses, and notes it in dropped_months; no row where it is not '
    'there. What was decided, trained and put into production stays. For the owner of the tables.';
REVOKE EXECUTE ON FUNCTION drop_month FROM PUBLIC;
