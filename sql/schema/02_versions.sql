-- Trained versions, which of them was in production when, and the profile each was accepted with.

CREATE TABLE model_version_management (
    model_name          text NOT NULL,
    version             integer NOT NULL CONSTRAINT model_version_management_counts_from_one CHECK (version >= 1),
    event_id            bigint NOT NULL,
    status              text NOT NULL CONSTRAINT model_version_management_status CHECK (status IN (
        'candidate', 'champion', 'retired', 'rolled_back', 'held', 'rejected', 'failed')),
    status_changed_at   timestamptz NOT NULL,
    created_at          timestamptz NOT NULL,
    created_by          text NOT NULL,
    parent              integer,
    artifact_path       text NOT NULL DEFAULT '',
    artifact_sha256     text NOT NULL DEFAULT '',
    baseline            jsonb,
    performance_metrics jsonb NOT NULL DEFAULT '{}',
    data_until          timestamptz,
    recent_hash         text NOT NULL DEFAULT '',
    training_data_path  text,
    training_data_hash  text,
    training_data_size  bigint,
    hyperparameters     jsonb,
    shadow_checks       integer CONSTRAINT model_version_management_shadow_checks CHECK (shadow_checks >= 1),
    shadow_since        timestamptz,
    details             jsonb NOT NULL DEFAULT '{}',
    CONSTRAINT model_version_management_key PRIMARY KEY (model_name, version),
    -- One version per event, which is of one model: a try that is repeated goes on with the number that the first took.
    CONSTRAINT one_version_per_event UNIQUE (event_id, model_name),
    CONSTRAINT model_version_management_parent FOREIGN KEY (model_name, parent) REFERENCES model_version_management,
    CONSTRAINT model_version_management_parent_is_older CHECK (parent < version),
    CONSTRAINT model_version_management_shadow_has_a_begin CHECK ((shadow_checks IS NULL) = (shadow_since IS NULL))
);

-- At most one champion per model, and one version in shadow.
CREATE UNIQUE INDEX one_champion_per_model ON model_version_management (model_name) WHERE status = 'champion';
CREATE UNIQUE INDEX one_shadow_per_model ON model_version_management (model_name)
    WHERE status = 'candidate' AND shadow_checks IS NOT NULL;
CREATE INDEX model_version_management_by_parent ON model_version_management (model_name, parent);
CREATE INDEX model_version_management_ended_shadows ON model_version_management (status_changed_at)
    WHERE details #> '{shadow,ended_by}' IS NOT NULL;

COMMENT ON TABLE model_version_management IS 'One trained version of a model.';
COMMENT ON COLUMN model_version_management.model_name IS 'Name of the model, as in its file.';
COMMENT ON COLUMN model_version_management.version IS 'Counted from 1 within the model.';
COMMENT ON COLUMN model_version_management.event_id IS
    'The event it was trained for. That which judged it at the end of its shadow names it in `version`.';
COMMENT ON COLUMN model_version_management.status IS
    'candidate -> champion <-> retired | rolled_back, or candidate -> held (not proven better, not approved, or its '
    'shadow ended early) | rejected (proven worse, or below a floor) | failed.';
COMMENT ON COLUMN model_version_management.status_changed_at IS 'When it got its present status.';
COMMENT ON COLUMN model_version_management.created_at IS 'When its training began.';
COMMENT ON COLUMN model_version_management.created_by IS 'Who wanted it: a person, or the schedule.';
COMMENT ON COLUMN model_version_management.parent IS
    'The champion that it was trained to replace; NULL for a first one.';
COMMENT ON COLUMN model_version_management.artifact_path IS
    'Its folder, relative to the artifacts folder; empty before it is stored.';
COMMENT ON COLUMN model_version_management.artifact_sha256 IS 'SHA-256 of the stored model.';
COMMENT ON COLUMN model_version_management.baseline IS
    'How good it was, when it was accepted, on rows that it had not been trained on.';
COMMENT ON COLUMN model_version_management.performance_metrics IS 'Its metrics on the rows that the gate held out.';
COMMENT ON COLUMN model_version_management.data_until IS
    'End of the rows it was trained and accepted on; NULL for a model without timestamps.';
COMMENT ON COLUMN model_version_management.recent_hash IS 'Of the recent rows, for a model without timestamps.';
COMMENT ON COLUMN model_version_management.training_data_path IS 'Where its training rows came from.';
COMMENT ON COLUMN model_version_management.training_data_hash IS 'SHA-256 of the training rows as prepared.';
COMMENT ON COLUMN model_version_management.training_data_size IS 'Training rows.';
COMMENT ON COLUMN model_version_management.hyperparameters IS 'What its trainer was given.';
COMMENT ON COLUMN model_version_management.shadow_checks IS
    'Checks that it had to stay in shadow for, as a candidate that has an artifact; NULL for a version that never '
    'did.';
COMMENT ON COLUMN model_version_management.shadow_since IS 'When its shadow began.';
COMMENT ON COLUMN model_version_management.details IS 'What else trainer, gate and shadow had to tell.';

-- Versions begin as candidates, move along the legal steps, and but for their status never change after that. A retired
-- version becomes champion again when the one after it is rolled back; so does a rolled back one, when somebody rolled
-- back too far or for a wrong reason. What was never champion (held, rejected, failed) has passed no gate and stays out.
CREATE FUNCTION guard_version() RETURNS trigger LANGUAGE plpgsql AS $$
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
        WHEN 'candidate' THEN ARRAY['candidate', 'champion', 'held', 'rejected', 'failed']
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
COMMENT ON FUNCTION guard_version IS 'Holds versions to the legal steps of their status.';

CREATE TRIGGER guard_version BEFORE INSERT OR UPDATE ON model_version_management
    FOR EACH ROW EXECUTE FUNCTION guard_version();
CREATE TRIGGER append_only BEFORE DELETE ON model_version_management
    FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER append_only_as_a_whole BEFORE TRUNCATE ON model_version_management
    FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();

ALTER TABLE retraining_runs ADD CONSTRAINT retraining_runs_champion
    FOREIGN KEY (model_name, champion_version) REFERENCES model_version_management;
ALTER TABLE model_performance_tracking ADD CONSTRAINT model_performance_tracking_version
    FOREIGN KEY (model_name, version) REFERENCES model_version_management;

CREATE TABLE reference_profiles (
    model_name  text NOT NULL,
    version     integer NOT NULL,
    profile     json NOT NULL,
    accepted_at timestamptz NOT NULL,
    CONSTRAINT reference_profiles_key PRIMARY KEY (model_name, version),
    CONSTRAINT reference_profiles_version FOREIGN KEY (model_name, version) REFERENCES model_version_management,
    -- json takes \u0000 and half surrogates, on which its operators then fail; what jsonb takes they all can read.
    CONSTRAINT reference_profiles_readable CHECK (profile::jsonb IS NOT NULL)
);
COMMENT ON TABLE reference_profiles IS 'Profile of the rows that a version was trained and accepted on.';
COMMENT ON COLUMN reference_profiles.model_name IS 'Name of the model, as in its file.';
COMMENT ON COLUMN reference_profiles.version IS 'The version that was accepted with it.';
COMMENT ON COLUMN reference_profiles.profile IS
    'json, not jsonb: kept to the letter, as the order of categories matters. Characters that Postgres cannot hold, '
    'NUL and half surrogates, are written as U+241B and four hexadecimal digits, and so is U+241B itself.';
COMMENT ON COLUMN reference_profiles.accepted_at IS
    'When the version was accepted; of a shadow, when it ended or began.';

CREATE TABLE model_deployment_history (
    id           bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT model_deployment_history_key PRIMARY KEY,
    model_name   text NOT NULL,
    from_version integer,
    to_version   integer,
    event_id     bigint,
    kind         text NOT NULL
        CONSTRAINT model_deployment_history_kind CHECK (kind IN ('promotion', 'rollback', 'probation', 'return')),
    run_id       text,
    key          text,
    deployed_by  text NOT NULL,
    reason       text NOT NULL,
    deployed_at  timestamptz NOT NULL,
    CONSTRAINT one_promotion_per_event UNIQUE (event_id, model_name),
    CONSTRAINT model_deployment_history_from FOREIGN KEY (model_name, from_version) REFERENCES model_version_management,
    CONSTRAINT model_deployment_history_to FOREIGN KEY (model_name, to_version) REFERENCES model_version_management,
    CONSTRAINT model_deployment_history_changes CHECK (from_version IS DISTINCT FROM to_version),
    CONSTRAINT model_deployment_history_promotion_has_an_event CHECK ((kind = 'promotion') = (event_id IS NOT NULL)),
    CONSTRAINT model_deployment_history_others_have_a_key CHECK ((kind = 'promotion') = (key IS NULL))
);
CREATE INDEX deployment_history_by_time ON model_deployment_history (model_name, deployed_at DESC, id DESC);
CREATE INDEX deployment_history_by_id ON model_deployment_history (model_name, id DESC);
CREATE INDEX deployment_history_of_all_by_time ON model_deployment_history (deployed_at);
CREATE INDEX deployment_history_by_from ON model_deployment_history (model_name, from_version);
CREATE INDEX deployment_history_by_to ON model_deployment_history (model_name, to_version);
-- A rollback that is requested again with the same key happens once.
CREATE UNIQUE INDEX one_rollback_per_key ON model_deployment_history (model_name, key);
COMMENT ON TABLE model_deployment_history IS 'One change of champion: from, to, who, why, when. Rows are only added.';
COMMENT ON COLUMN model_deployment_history.id IS 'Counts the changes of all models, in their order.';
COMMENT ON COLUMN model_deployment_history.model_name IS 'Name of the model, as in its file.';
COMMENT ON COLUMN model_deployment_history.from_version IS 'NULL for the first champion of a model.';
COMMENT ON COLUMN model_deployment_history.to_version IS 'NULL when a champion was withdrawn without a successor.';
COMMENT ON COLUMN model_deployment_history.event_id IS 'The event that promoted it; NULL for a rollback.';
COMMENT ON COLUMN model_deployment_history.kind IS
    'promotion: a challenger passed the gate. rollback: somebody wanted it. probation: the new champion did worse. '
    'return: a former champion did better.';
COMMENT ON COLUMN model_deployment_history.run_id IS 'The run that changed it; NULL for a change from outside a run.';
COMMENT ON COLUMN model_deployment_history.key IS 'What makes it the same rollback when it is requested again.';
COMMENT ON COLUMN model_deployment_history.deployed_by IS 'Who changed it: a person, the schedule, probation.';
COMMENT ON COLUMN model_deployment_history.reason IS 'Why, in one sentence.';
COMMENT ON COLUMN model_deployment_history.deployed_at IS 'When, and never before the change before it.';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON model_deployment_history
    FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER append_only_as_a_whole BEFORE TRUNCATE ON model_deployment_history
    FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();

-- Champion and history never disagree: whatever becomes champion is, at the end of the transaction, the last change.
CREATE FUNCTION champion_is_on_record() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
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
COMMENT ON FUNCTION champion_is_on_record IS 'Refuses a champion that is not the last one of the deployment history.';
CREATE CONSTRAINT TRIGGER champion_is_on_record AFTER UPDATE OF status ON model_version_management
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.status = 'champion')
    EXECUTE FUNCTION champion_is_on_record();

CREATE TABLE champion_announcements (
    change_id    bigint NOT NULL CONSTRAINT champion_announcements_key PRIMARY KEY
        CONSTRAINT champion_announcements_change REFERENCES model_deployment_history,
    run_id       text NOT NULL,
    announced_at timestamptz NOT NULL
);
CREATE INDEX champion_announcements_by_time ON champion_announcements (announced_at);
COMMENT ON TABLE champion_announcements IS
    'Which run told downstream (an asset event) of a change of champion. Of several changes between runs the last '
    'counts.';
COMMENT ON COLUMN champion_announcements.change_id IS 'The change, a row of model_deployment_history.';
COMMENT ON COLUMN champion_announcements.run_id IS 'The run that told downstream.';
COMMENT ON COLUMN champion_announcements.announced_at IS 'When it wrote that down.';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON champion_announcements
    FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER append_only_as_a_whole BEFORE TRUNCATE ON champion_announcements
    FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();

CREATE TABLE canary_shares (
    id               bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT canary_shares_key PRIMARY KEY,
    model_name       text NOT NULL,
    version          integer NOT NULL,
    champion_version integer NOT NULL,
    share            double precision NOT NULL CONSTRAINT canary_shares_share CHECK (share BETWEEN 0 AND 100),
    set_by           text NOT NULL,
    reason           text NOT NULL,
    set_at           timestamptz NOT NULL,
    CONSTRAINT canary_shares_version FOREIGN KEY (model_name, version) REFERENCES model_version_management,
    CONSTRAINT canary_shares_champion FOREIGN KEY (model_name, champion_version) REFERENCES model_version_management,
    CONSTRAINT canary_shares_is_not_champion CHECK (version <> champion_version)
);
CREATE INDEX canary_shares_by_model ON canary_shares (model_name, id DESC);
CREATE INDEX canary_shares_by_version ON canary_shares (model_name, version);
CREATE INDEX canary_shares_by_champion ON canary_shares (model_name, champion_version);
CREATE INDEX canary_shares_by_time ON canary_shares (set_at);
COMMENT ON TABLE canary_shares IS
    'One change of a canary: who gave which share of the traffic to which version. Rows are only added; nothing '
    'routes by them.';
COMMENT ON COLUMN canary_shares.id IS 'Counts the changes of all models, in their order.';
COMMENT ON COLUMN canary_shares.model_name IS 'Name of the model, as in its file.';
COMMENT ON COLUMN canary_shares.version IS 'The version that gets the share.';
COMMENT ON COLUMN canary_shares.champion_version IS
    'The champion that has the rest. When it is replaced, the canary ends.';
COMMENT ON COLUMN canary_shares.share IS 'Per cent of the traffic; 0 ends the canary.';
COMMENT ON COLUMN canary_shares.set_by IS 'Who decided it.';
COMMENT ON COLUMN canary_shares.reason IS 'Why, in one sentence.';
COMMENT ON COLUMN canary_shares.set_at IS 'When.';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON canary_shares
    FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER append_only_as_a_whole BEFORE TRUNCATE ON canary_shares
    FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
