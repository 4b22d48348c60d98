-- What people and programs ask for: retrains, also by data that arrive, and that rows be left out of them.

CREATE TABLE retraining_requests (
    id              bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT retraining_requests_key PRIMARY KEY,
    model_name      text NOT NULL,
    kind            text NOT NULL
        CONSTRAINT retraining_requests_kind CHECK (kind IN ('manual', 'api', 'red_team', 'new_data')),
    key             text NOT NULL,
    reason          text NOT NULL,
    requested_by    text NOT NULL,
    requested_at    timestamptz NOT NULL,
    hyperparameters jsonb NOT NULL DEFAULT '{}',
    notes           text NOT NULL DEFAULT '',
    training_data_path text NOT NULL DEFAULT '',
    run_id          text,
    consumed_at     timestamptz,
    tries           integer NOT NULL DEFAULT 1 CONSTRAINT retraining_requests_tries CHECK (tries > 0),
    retry_of        bigint
        CONSTRAINT one_retry_per_request UNIQUE
        CONSTRAINT retraining_requests_retry_of REFERENCES retraining_requests,
    gave_up         text
        CONSTRAINT retraining_requests_given_up_after_a_try CHECK (gave_up IS NULL OR run_id IS NOT NULL),
    CONSTRAINT retraining_requests_consumed_by_a_run CHECK ((run_id IS NULL) = (consumed_at IS NULL)),
    CONSTRAINT retraining_requests_retry_is_no_first_try CHECK ((tries = 1) = (retry_of IS NULL)),
    CONSTRAINT retraining_requests_decision FOREIGN KEY (model_name, run_id) REFERENCES retraining_decisions
);

-- At most one waiting request per model and key: asking twice is asking once.
CREATE UNIQUE INDEX one_waiting_request_per_key ON retraining_requests (model_name, key) WHERE run_id IS NULL;
CREATE INDEX retraining_requests_by_run ON retraining_requests (model_name, run_id);
CREATE INDEX retraining_requests_by_time ON retraining_requests (requested_at);
CREATE INDEX retraining_requests_by_consumption ON retraining_requests (consumed_at) WHERE consumed_at IS NOT NULL;

COMMENT ON TABLE retraining_requests IS
    'One wish that a model be retrained. It waits for a run that decides to retrain, which consumes it.';
COMMENT ON COLUMN retraining_requests.id IS 'Counts the requests for all models.';
COMMENT ON COLUMN retraining_requests.model_name IS 'Name of the model, as in its file.';
COMMENT ON COLUMN retraining_requests.kind IS 'manual, api, red_team (a suite of probes failed) or new_data.';
COMMENT ON COLUMN retraining_requests.key IS 'What makes it the same request when it is made again while it waits.';
COMMENT ON COLUMN retraining_requests.reason IS 'Why, in the words of whoever asks.';
COMMENT ON COLUMN retraining_requests.requested_by IS 'Who asks.';
COMMENT ON COLUMN retraining_requests.requested_at IS
    'When it was made; of one that is tried again, when it was first made.';
COMMENT ON COLUMN retraining_requests.hyperparameters IS 'For this retraining only, besides those of the model file.';
COMMENT ON COLUMN retraining_requests.notes IS 'For the record of the retraining; empty for none.';
COMMENT ON COLUMN retraining_requests.training_data_path IS
    'Rows to train on for this retraining, besides those of the model file; empty for none.';
COMMENT ON COLUMN retraining_requests.run_id IS
    'The run whose decision consumed it; NULL while it waits. A "no", a block and a dry run leave it waiting.';
COMMENT ON COLUMN retraining_requests.consumed_at IS 'When that run consumed it; NULL while it waits.';
COMMENT ON COLUMN retraining_requests.tries IS 'How often it has been tried, this time counted in.';
COMMENT ON COLUMN retraining_requests.retry_of IS
    'The same request as it was consumed before; the event of that run failed or was abandoned.';
COMMENT ON COLUMN retraining_requests.gave_up IS
    'Why it is not tried again: what the event of its last try ended with.';

CREATE FUNCTION guard_request() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - ARRAY['run_id', 'consumed_at', 'gave_up']
       IS DISTINCT FROM to_jsonb(OLD) - ARRAY['run_id', 'consumed_at', 'gave_up']
       OR (OLD.run_id IS NOT NULL AND to_jsonb(NEW) - 'gave_up' IS DISTINCT FROM to_jsonb(OLD) - 'gave_up')
       OR (OLD.gave_up IS NOT NULL AND NEW.gave_up IS DISTINCT FROM OLD.gave_up) THEN
        RAISE EXCEPTION 'request % never changes but for being consumed once', OLD.id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION guard_request IS
    'A request never changes but for being consumed, once, and given up thereafter, once.';

CREATE TRIGGER guard_request BEFORE UPDATE ON retraining_requests
    FOR EACH ROW EXECUTE FUNCTION guard_request();
CREATE TRIGGER append_only BEFORE DELETE ON retraining_requests
    FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER append_only_as_a_whole BEFORE TRUNCATE ON retraining_requests
    FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();

CREATE TABLE data_arrivals (
    id          bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT data_arrivals_key PRIMARY KEY,
    place       text NOT NULL,
    ordinal     integer NOT NULL CONSTRAINT data_arrivals_ordinal CHECK (ordinal > 0),
    fingerprint text NOT NULL,
    files       jsonb,
    changed     jsonb,
    starts      boolean NOT NULL,
    noted_at    timestamptz NOT NULL,
    run_id      text,
    taken_at    timestamptz,
    CONSTRAINT data_arrivals_taken_by_a_run CHECK ((run_id IS NULL) = (taken_at IS NULL)),
    CONSTRAINT data_arrivals_taken_where_it_starts CHECK (starts OR run_id IS NULL)
);

-- Each state of a place follows one other: of several who see the same change, one writes it down.
CREATE UNIQUE INDEX one_arrival_after_another ON data_arrivals (place, ordinal);
CREATE INDEX data_arrivals_waiting ON data_arrivals (id) WHERE starts AND run_id IS NULL;
CREATE INDEX data_arrivals_starting ON data_arrivals (place, noted_at) WHERE starts;
CREATE INDEX data_arrivals_by_run ON data_arrivals (run_id) WHERE run_id IS NOT NULL;
CREATE INDEX data_arrivals_by_time ON data_arrivals (noted_at);
COMMENT ON TABLE data_arrivals IS
    'What a watched file, folder, glob or prefix looked like when it had changed and was whole. The last row of a place '
    'is what a change is found against, also after the triggerer was down; a run takes what waits, once.';
COMMENT ON COLUMN data_arrivals.id IS 'Counts the arrivals at all places.';
COMMENT ON COLUMN data_arrivals.place IS 'What is watched: rows or results, then the path, then the connection.';
COMMENT ON COLUMN data_arrivals.ordinal IS 'Counts the states of one place.';
COMMENT ON COLUMN data_arrivals.fingerprint IS
    'Hash of the names and states of its files; empty where there were none.';
COMMENT ON COLUMN data_arrivals.files IS 'State of each file by its name; NULL where they are too many.';
COMMENT ON COLUMN data_arrivals.changed IS 'Names of the files that came or changed; NULL where that is not known.';
COMMENT ON COLUMN data_arrivals.starts IS
    'Whether a run is to start: not for the first state that was seen, nor where files were only removed.';
COMMENT ON COLUMN data_arrivals.noted_at IS 'When it was written down.';
COMMENT ON COLUMN data_arrivals.run_id IS 'The run of the DAG data_arrival that took it; NULL while it waits.';
COMMENT ON COLUMN data_arrivals.taken_at IS 'When that run took it.';

CREATE FUNCTION guard_arrival() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.run_id IS NOT NULL
       OR to_jsonb(NEW) - ARRAY['run_id', 'taken_at'] IS DISTINCT FROM to_jsonb(OLD) - ARRAY['run_id', 'taken_at'] THEN
        RAISE EXCEPTION 'arrival % never changes but for being taken once', OLD.id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION guard_arrival IS 'An arrival never changes but for being taken by a run, once.';

CREATE TRIGGER guard_arrival BEFORE UPDATE ON data_arrivals
    FOR EACH ROW EXECUTE FUNCTION guard_arrival();
CREATE TRIGGER append_only BEFORE DELETE ON data_arrivals
    FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER append_only_as_a_whole BEFORE TRUNCATE ON data_arrivals
    FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();

CREATE TABLE quarantined_spans (
    id               bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT quarantined_spans_key PRIMARY KEY,
    model_name       text NOT NULL,
    feature          text NOT NULL,
    statistic        text NOT NULL,
    reason           text NOT NULL,
    span_start       timestamptz,
    span_end         timestamptz,
    run_id           text NOT NULL,
    last_run_id      text NOT NULL,
    champion_version integer,
    quarantined_at   timestamptz NOT NULL,
    lifted_by        text,
    lift_reason      text,
    lifted_at        timestamptz,
    accepts          boolean NOT NULL DEFAULT false,
    CONSTRAINT quarantined_spans_has_both_ends CHECK ((span_start IS NULL) = (span_end IS NULL)),
    CONSTRAINT quarantined_spans_is_not_empty CHECK (span_start < span_end),
    CONSTRAINT quarantined_spans_lifted_by_somebody CHECK (
        (lifted_at IS NULL) = (lifted_by IS NULL) AND (lifted_at IS NULL) = (lift_reason IS NULL)),
    CONSTRAINT quarantined_spans_accepts_when_lifted CHECK (lifted_at IS NOT NULL OR NOT accepts),
    CONSTRAINT quarantined_spans_decision FOREIGN KEY (model_name, run_id) REFERENCES retraining_decisions,
    CONSTRAINT quarantined_spans_last_decision FOREIGN KEY (model_name, last_run_id) REFERENCES retraining_decisions
);
CREATE INDEX quarantined_spans_by_run ON quarantined_spans (model_name, run_id);
CREATE INDEX quarantined_spans_by_last_run ON quarantined_spans (model_name, last_run_id);
CREATE INDEX quarantined_spans_kept ON quarantined_spans (model_name, feature, statistic) WHERE lifted_at IS NULL;
CREATE INDEX quarantined_spans_by_time ON quarantined_spans (quarantined_at);
CREATE INDEX quarantined_spans_by_lifting ON quarantined_spans (lifted_at) WHERE lifted_at IS NOT NULL;

COMMENT ON TABLE quarantined_spans IS
    'One column of one model, broken from span_start on and before span_end. Rows of that time are not trained on '
    'until somebody lifts it.';
COMMENT ON COLUMN quarantined_spans.id IS 'Counts the quarantines of all models.';
COMMENT ON COLUMN quarantined_spans.model_name IS 'Name of the model, as in its file.';
COMMENT ON COLUMN quarantined_spans.feature IS 'The broken column.';
COMMENT ON COLUMN quarantined_spans.statistic IS
    'What is wrong: the statistic of the signal, for example missing_rise.';
COMMENT ON COLUMN quarantined_spans.reason IS 'What is wrong, in one sentence.';
COMMENT ON COLUMN quarantined_spans.span_start IS 'First moment of the rows; NULL, as span_end, without timestamps.';
COMMENT ON COLUMN quarantined_spans.span_end IS 'First moment after the rows.';
COMMENT ON COLUMN quarantined_spans.run_id IS 'The run whose decision quarantined the rows first.';
COMMENT ON COLUMN quarantined_spans.last_run_id IS 'The run whose decision last found the column broken in them.';
COMMENT ON COLUMN quarantined_spans.champion_version IS 'In production at the time of that last run.';
COMMENT ON COLUMN quarantined_spans.quarantined_at IS 'When it was written down first.';
COMMENT ON COLUMN quarantined_spans.lifted_by IS 'Who lifted it; NULL while it stands.';
COMMENT ON COLUMN quarantined_spans.lift_reason IS 'Why it was lifted.';
COMMENT ON COLUMN quarantined_spans.lifted_at IS 'When it was lifted.';
COMMENT ON COLUMN quarantined_spans.accepts IS
    'Lifted for good: as long as the champion stays, the column may look like this in later rows, too.';

CREATE FUNCTION guard_quarantine() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    growing constant text[] := ARRAY['span_start', 'span_end', 'reason', 'last_run_id', 'champion_version'];
    lifting constant text[] := ARRAY['lifted_by', 'lift_reason', 'lifted_at', 'accepts'];
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'quarantine % is never deleted: lift it', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.lifted_at IS NOT NULL
       OR to_jsonb(NEW) - (growing || lifting) IS DISTINCT FROM to_jsonb(OLD) - (growing || lifting)
       OR NEW.span_start > OLD.span_start OR NEW.span_end < OLD.span_end
       OR (NEW.span_start IS NULL) <> (OLD.span_start IS NULL) THEN
        RAISE EXCEPTION 'quarantine % only grows, until it is lifted once', OLD.id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION guard_quarantine IS 'A quarantine is kept for ever; its span only grows, and it is lifted once.';

CREATE TRIGGER guard_quarantine BEFORE UPDATE OR DELETE ON quarantined_spans
    FOR EACH ROW EXECUTE FUNCTION guard_quarantine();
CREATE TRIGGER append_only_as_a_whole BEFORE TRUNCATE ON quarantined_spans
    FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
