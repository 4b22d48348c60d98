-- Rolling back: a version that was champion before becomes champion again, and downstream is told.

-- A retired version becomes champion again when the one after it is rolled back. So does a rolled back one, when somebody
-- rolled back too far or for a wrong reason: the artifact is the same, and the history keeps both changes. What was
-- never champion (rejected, failed) has passed no gate and stays out.
CREATE OR REPLACE FUNCTION guard_version() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    legal text[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'candidate' THEN
            RAISE EXCEPTION 'a version begins as candidate, not as %', NEW.status USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    legal := CASE OLD.status
        WHEN 'candidate' THEN ARRAY['candidate', 'champion', 'rejected', 'failed']
        WHEN 'champion' THEN ARRAY['champion', 'retired', 'rolled_back']
        WHEN 'retired' THEN ARRAY['retired', 'champion']
        WHEN 'rolled_back' THEN ARRAY['rolled_back', 'champion']
        ELSE ARRAY[OLD.status] END;
    IF NEW.status <> ALL (legal) THEN
        RAISE EXCEPTION 'version % of % cannot go from % to %', OLD.version, OLD.model_name, OLD.status, NEW.status
            USING ERRCODE = 'check_violation';
    END IF;
    IF (NEW.model_name, NEW.version, NEW.event_id) IS DISTINCT FROM (OLD.model_name, OLD.version, OLD.event_id)
       OR (OLD.status <> 'candidate' AND to_jsonb(NEW) - ARRAY['status', 'status_changed_at']
           IS DISTINCT FROM to_jsonb(OLD) - ARRAY['status', 'status_changed_at']) THEN
        RAISE EXCEPTION 'version % of % is % and never changes but for its status',
            OLD.version, OLD.model_name, OLD.status USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END;
$$;
COMMENT ON COLUMN model_version_management.status IS
    'candidate -> champion <-> retired | rolled_back, or candidate -> rejected | failed. A held one is rejected.';

ALTER TABLE model_deployment_history
    ADD COLUMN kind text NOT NULL DEFAULT 'promotion' CHECK (kind IN ('promotion', 'rollback', 'probation', 'return')),
    ADD COLUMN run_id text,
    ADD COLUMN key text,
    ADD CHECK ((kind = 'promotion') = (event_id IS NOT NULL)),
    ADD CHECK ((kind = 'promotion') = (key IS NULL));
ALTER TABLE model_deployment_history ALTER COLUMN kind DROP DEFAULT;
COMMENT ON COLUMN model_deployment_history.kind IS
    'promotion: a challenger passed the gate. rollback: somebody asked for it. probation: the new champion did worse. return: a former champion did better.';
COMMENT ON COLUMN model_deployment_history.run_id IS 'The run that changed it; NULL for a change from outside a run.';
COMMENT ON COLUMN model_deployment_history.key IS 'What makes it the same rollback when it is asked for again.';
COMMENT ON COLUMN model_deployment_history.event_id IS 'The event that promoted it; NULL for a rollback.';

-- A rollback that is asked for again with the same key happens once.
CREATE UNIQUE INDEX one_rollback_per_key ON model_deployment_history (model_name, key);

-- Champion and history never disagree: whatever becomes champion is, at the end of the transaction, the last change.
CREATE FUNCTION champion_is_on_record() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.version IS DISTINCT FROM (
        SELECT to_version FROM model_deployment_history WHERE model_name = NEW.model_name ORDER BY id DESC LIMIT 1
    ) AND EXISTS (
        SELECT FROM model_version_management
        WHERE model_name = NEW.model_name AND version = NEW.version AND status = 'champion'
    ) THEN
        RAISE EXCEPTION 'version % of % became champion without a row in model_deployment_history',
            NEW.version, NEW.model_name USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END;
$$;
CREATE CONSTRAINT TRIGGER champion_is_on_record AFTER UPDATE OF status ON model_version_management
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.status = 'champion')
    EXECUTE FUNCTION champion_is_on_record();

CREATE TABLE champion_announcements (
    change_id    bigint PRIMARY KEY REFERENCES model_deployment_history,
    run_id       text NOT NULL,
    announced_at timestamptz NOT NULL
);
COMMENT ON TABLE champion_announcements IS
    'Which run told downstream (an asset event) of a change of champion. Of several changes between runs the last counts.';
