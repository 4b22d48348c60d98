-- What people say about models and decisions, and which calls from outside were answered already.

CREATE TABLE model_pauses (
    id         bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT model_pauses_key PRIMARY KEY,
    model_name text NOT NULL,
    paused     boolean NOT NULL,
    set_by     text NOT NULL CONSTRAINT model_pauses_set_by_somebody CHECK (set_by <> ''),
    reason     text NOT NULL CONSTRAINT model_pauses_reason CHECK (reason <> ''),
    set_at     timestamptz NOT NULL
);
CREATE INDEX model_pauses_by_model ON model_pauses (model_name, id DESC);
CREATE INDEX model_pauses_by_time ON model_pauses (set_at);
COMMENT ON TABLE model_pauses IS
    'One pause of a model, or its end; the last row of a model counts. Runs leave a paused model alone, and requests '
    'for it wait; it can be rolled back all the same.';
COMMENT ON COLUMN model_pauses.id IS 'Counts the changes of all models.';
COMMENT ON COLUMN model_pauses.model_name IS 'Name of the model, as in its file.';
COMMENT ON COLUMN model_pauses.paused IS 'Whether it is paused from then on, or resumed.';
COMMENT ON COLUMN model_pauses.set_by IS 'Who paused or resumed it.';
COMMENT ON COLUMN model_pauses.reason IS 'Why.';
COMMENT ON COLUMN model_pauses.set_at IS 'When.';

CREATE TABLE notification_mutes (
    id          bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT notification_mutes_key PRIMARY KEY,
    model_name  text NOT NULL DEFAULT '',
    muted_until timestamptz NOT NULL,
    muted_by    text NOT NULL CONSTRAINT notification_mutes_muted_by_somebody CHECK (muted_by <> ''),
    reason      text NOT NULL CONSTRAINT notification_mutes_reason CHECK (reason <> ''),
    muted_at    timestamptz NOT NULL,
    lifted_by   text,
    lift_reason text,
    lifted_at   timestamptz,
    CONSTRAINT notification_mutes_is_not_empty CHECK (muted_at < muted_until),
    CONSTRAINT notification_mutes_lifted_by_somebody CHECK (
        (lifted_at IS NULL) = (lifted_by IS NULL) AND (lifted_at IS NULL) = (lift_reason IS NULL))
);
CREATE INDEX notification_mutes_by_model ON notification_mutes (model_name, muted_until);
CREATE INDEX notification_mutes_by_end ON notification_mutes (muted_until);
CREATE INDEX notification_mutes_by_time ON notification_mutes (muted_at);
CREATE INDEX notification_mutes_by_lifting ON notification_mutes (lifted_at) WHERE lifted_at IS NOT NULL;
COMMENT ON TABLE notification_mutes IS
    'One mute: nobody is told of the model until then. Only notifications are silenced: checks and retrains go on.';
COMMENT ON COLUMN notification_mutes.id IS 'Counts the mutes of all models.';
COMMENT ON COLUMN notification_mutes.model_name IS 'Name of the model, as in its file; empty for all models.';
COMMENT ON COLUMN notification_mutes.muted_until IS 'When it ends by itself.';
COMMENT ON COLUMN notification_mutes.muted_by IS 'Who muted it.';
COMMENT ON COLUMN notification_mutes.reason IS 'Why.';
COMMENT ON COLUMN notification_mutes.muted_at IS 'When it began.';
COMMENT ON COLUMN notification_mutes.lifted_by IS 'Who ended it before its time; NULL for nobody.';
COMMENT ON COLUMN notification_mutes.lift_reason IS 'Why it was ended.';
COMMENT ON COLUMN notification_mutes.lifted_at IS 'When it was ended.';

CREATE FUNCTION guard_mute() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    lifting CONSTANT text[] := ARRAY['lifted_by', 'lift_reason', 'lifted_at'];
BEGIN
    IF OLD.lifted_at IS NOT NULL OR to_jsonb(NEW) - lifting IS DISTINCT FROM to_jsonb(OLD) - lifting THEN
        RAISE EXCEPTION 'mute % never changes but for being lifted once', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION guard_mute IS 'A mute never changes but for being lifted, once.';

CREATE TABLE model_annotations (
    id         bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT model_annotations_key PRIMARY KEY,
    model_name text NOT NULL,
    about      timestamptz NOT NULL,
    text       text NOT NULL CONSTRAINT model_annotations_text CHECK (text <> ''),
    written_by text NOT NULL CONSTRAINT model_annotations_written_by_somebody CHECK (written_by <> ''),
    written_at timestamptz NOT NULL
);
CREATE INDEX model_annotations_by_model ON model_annotations (model_name, about);
CREATE INDEX model_annotations_by_time ON model_annotations (written_at);
COMMENT ON TABLE model_annotations IS
    'One remark about a moment in the life of a model: a campaign began, a sensor was replaced.';
COMMENT ON COLUMN model_annotations.id IS 'Counts the annotations of all models.';
COMMENT ON COLUMN model_annotations.model_name IS 'Name of the model, as in its file.';
COMMENT ON COLUMN model_annotations.about IS 'The moment that it is about.';
COMMENT ON COLUMN model_annotations.text IS 'What there is to say.';
COMMENT ON COLUMN model_annotations.written_by IS 'Who says so.';
COMMENT ON COLUMN model_annotations.written_at IS 'When it was written down.';

CREATE TABLE decision_marks (
    id         bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT decision_marks_key PRIMARY KEY,
    model_name text NOT NULL,
    run_id     text NOT NULL,
    verdict    text NOT NULL CONSTRAINT decision_marks_verdict CHECK (verdict IN ('false_alarm', 'right')),
    marked_by  text NOT NULL CONSTRAINT decision_marks_marked_by_somebody CHECK (marked_by <> ''),
    reason     text NOT NULL CONSTRAINT decision_marks_reason CHECK (reason <> ''),
    marked_at  timestamptz NOT NULL,
    CONSTRAINT decision_marks_decision FOREIGN KEY (model_name, run_id) REFERENCES retraining_decisions
);
CREATE INDEX decision_marks_by_decision ON decision_marks (model_name, run_id, id DESC);
CREATE INDEX decision_marks_by_time ON decision_marks (marked_at);
COMMENT ON TABLE decision_marks IS
    'What somebody says of a decision in hindsight. The last mark of a decision counts; a retrain that was a false '
    'alarm is counted against false_retrains_per_quarter.';
COMMENT ON COLUMN decision_marks.id IS 'Counts the marks of all decisions.';
COMMENT ON COLUMN decision_marks.model_name IS 'Name of the model, as in its file.';
COMMENT ON COLUMN decision_marks.run_id IS 'The run that decided.';
COMMENT ON COLUMN decision_marks.verdict IS 'false_alarm or right.';
COMMENT ON COLUMN decision_marks.marked_by IS 'Who says so.';
COMMENT ON COLUMN decision_marks.reason IS 'Why.';
COMMENT ON COLUMN decision_marks.marked_at IS 'When it was marked.';

CREATE TABLE idempotency_keys (
    caller      text NOT NULL,
    key         text NOT NULL,
    fingerprint text NOT NULL,
    attempt     uuid NOT NULL,
    begun_at    timestamptz NOT NULL,
    status      integer CONSTRAINT idempotency_keys_status CHECK (status BETWEEN 100 AND 599),
    answer      jsonb,
    answered_at timestamptz,
    CONSTRAINT idempotency_keys_key PRIMARY KEY (caller, key),
    CONSTRAINT idempotency_keys_answered_as_a_whole CHECK (
        (status IS NULL) = (answer IS NULL) AND (status IS NULL) = (answered_at IS NULL))
);
CREATE INDEX idempotency_keys_by_time ON idempotency_keys (begun_at);
COMMENT ON TABLE idempotency_keys IS
    'One call from outside that writes, by the key that its caller gave it: the same call made again gets the same '
    'answer, and nothing is done twice. Old ones may be deleted.';
COMMENT ON COLUMN idempotency_keys.caller IS 'Who called.';
COMMENT ON COLUMN idempotency_keys.key IS 'What makes it the same call when it is made again.';
COMMENT ON COLUMN idempotency_keys.fingerprint IS 'SHA-256 of what was wanted: a key stands for one call only.';
COMMENT ON COLUMN idempotency_keys.attempt IS 'Which of the processes that got the call does it.';
COMMENT ON COLUMN idempotency_keys.begun_at IS 'When that one began.';
COMMENT ON COLUMN idempotency_keys.status IS 'HTTP status of the answer; NULL until there is one.';
COMMENT ON COLUMN idempotency_keys.answer IS 'Body of the answer.';
COMMENT ON COLUMN idempotency_keys.answered_at IS 'When it was answered.';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON model_pauses
    FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER append_only_as_a_whole BEFORE TRUNCATE ON model_pauses
    FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER guard_mute BEFORE UPDATE ON notification_mutes
    FOR EACH ROW EXECUTE FUNCTION guard_mute();
CREATE TRIGGER append_only BEFORE DELETE ON notification_mutes
    FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER append_only_as_a_whole BEFORE TRUNCATE ON notification_mutes
    FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON model_annotations
    FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER append_only_as_a_whole BEFORE TRUNCATE ON model_annotations
    FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON decision_marks
    FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER append_only_as_a_whole BEFORE TRUNCATE ON decision_marks
    FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
