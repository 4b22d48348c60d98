-- Wishes that a model be retrained: by hand, by API, by a red team, or because data arrived.

CREATE TABLE retraining_requests (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model_name      text NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('manual', 'api', 'red_team', 'new_data')),
    key             text NOT NULL,
    reason          text NOT NULL,
    requested_by    text NOT NULL,
    requested_at    timestamptz NOT NULL,
    hyperparameters jsonb NOT NULL DEFAULT '{}',
    run_id          text,
    consumed_at     timestamptz,
    CHECK ((run_id IS NULL) = (consumed_at IS NULL)),
    FOREIGN KEY (model_name, run_id) REFERENCES retraining_decisions
);

-- At most one waiting request per model and key: asking twice is asking once.
CREATE UNIQUE INDEX one_waiting_request_per_key ON retraining_requests (model_name, key) WHERE run_id IS NULL;
CREATE INDEX retraining_requests_by_run ON retraining_requests (model_name, run_id);

COMMENT ON TABLE retraining_requests IS
    'One wish that a model be retrained. It waits for a run that decides to retrain, which consumes it.';
COMMENT ON COLUMN retraining_requests.key IS 'What makes it the same request when it is made again while it waits.';
COMMENT ON COLUMN retraining_requests.hyperparameters IS 'For this retraining only, besides those of the model file.';
COMMENT ON COLUMN retraining_requests.run_id IS
    'The run whose decision consumed it; NULL while it waits. A "no", a block and a dry run leave it waiting.';

-- A request never changes but for being consumed, once.
CREATE FUNCTION guard_request() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - ARRAY['run_id', 'consumed_at'] IS DISTINCT FROM to_jsonb(OLD) - ARRAY['run_id', 'consumed_at']
       OR (OLD.run_id IS NOT NULL AND NEW IS DISTINCT FROM OLD) THEN
        RAISE EXCEPTION 'request % never changes but for being consumed once', OLD.id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END;
$$;

CREATE TRIGGER guard_request BEFORE UPDATE ON retraining_requests
    FOR EACH ROW EXECUTE FUNCTION guard_request();
