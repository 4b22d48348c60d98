-- Rows in which a column is broken: they are not trained on, also when the window that showed it has passed.

CREATE TABLE quarantined_spans (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
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
    CHECK ((span_start IS NULL) = (span_end IS NULL)),
    CHECK (span_start < span_end),
    CHECK ((lifted_at IS NULL) = (lifted_by IS NULL) AND (lifted_at IS NULL) = (lift_reason IS NULL)),
    CHECK (lifted_at IS NOT NULL OR NOT accepts),
    FOREIGN KEY (model_name, run_id) REFERENCES retraining_decisions,
    FOREIGN KEY (model_name, last_run_id) REFERENCES retraining_decisions
);

CREATE INDEX quarantined_spans_by_model ON quarantined_spans (model_name);

COMMENT ON TABLE quarantined_spans IS
    'One column of one model, broken from span_start on and before span_end. Rows of that time are not trained on '
    'until somebody lifts it.';
COMMENT ON COLUMN quarantined_spans.statistic IS 'What is wrong: the statistic of the signal, for example missing_rise.';
COMMENT ON COLUMN quarantined_spans.span_start IS 'NULL, as span_end, for models without timestamps.';
COMMENT ON COLUMN quarantined_spans.run_id IS 'The run whose decision quarantined the rows first.';
COMMENT ON COLUMN quarantined_spans.last_run_id IS 'The run whose decision last found the column broken in them.';
COMMENT ON COLUMN quarantined_spans.accepts IS
    'Lifted for good: as long as the champion stays, the column may look like this in later rows, too.';

-- A quarantine is kept for ever; its span only grows, and it is lifted once.
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

CREATE TRIGGER guard_quarantine BEFORE UPDATE OR DELETE ON quarantined_spans
    FOR EACH ROW EXECUTE FUNCTION guard_quarantine();
