-- Trained versions, which of them was in production when, and the profile each was accepted with.

CREATE TABLE model_version_management (
    model_name          text NOT NULL,
    version             integer NOT NULL CHECK (version >= 1),
    -- One version per event: a try that is repeated goes on with the number that the first one took.
    event_id            integer NOT NULL UNIQUE,
    status              text NOT NULL CHECK (status IN (
        'candidate', 'champion', 'retired', 'rolled_back', 'rejected', 'failed')),
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
    details             jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (model_name, version),
    FOREIGN KEY (event_id, model_name) REFERENCES model_retraining_events (id, model_name),
    FOREIGN KEY (model_name, parent) REFERENCES model_version_management,
    CHECK (parent < version)
);

-- At most one champion per model.
CREATE UNIQUE INDEX one_champion_per_model ON model_version_management (model_name) WHERE status = 'champion';

COMMENT ON TABLE model_version_management IS 'One trained version of a model.';
COMMENT ON COLUMN model_version_management.version IS 'Counted from 1 within the model.';
COMMENT ON COLUMN model_version_management.status IS
    'candidate -> champion -> retired | rolled_back, or candidate -> rejected | failed. A held one is rejected.';
COMMENT ON COLUMN model_version_management.parent IS 'The champion that it was trained to replace.';
COMMENT ON COLUMN model_version_management.baseline IS 'How good it was on unseen rows when it was accepted.';
COMMENT ON COLUMN model_version_management.data_until IS
    'End of the rows it was trained and accepted on; NULL for a model without timestamps.';
COMMENT ON COLUMN model_version_management.recent_hash IS 'Of the recent rows, for a model without timestamps.';
COMMENT ON COLUMN model_version_management.training_data_size IS 'Rows.';

-- Versions begin as candidates, move along the legal steps, and but for their status never change after that.
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
        WHEN 'candidate' THEN ARRAY['candidate', 'champion', 'rejected', 'failed']
        WHEN 'champion' THEN ARRAY['champion', 'retired', 'rolled_back']
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

CREATE TRIGGER guard_version BEFORE INSERT OR UPDATE ON model_version_management
    FOR EACH ROW EXECUTE FUNCTION guard_version();

ALTER TABLE retraining_analyses
    ADD FOREIGN KEY (model_name, champion_version) REFERENCES model_version_management;
ALTER TABLE model_performance_tracking
    ADD FOREIGN KEY (model_name, version) REFERENCES model_version_management;
ALTER TABLE model_retraining_events
    ADD FOREIGN KEY (model_name, version) REFERENCES model_version_management,
    ADD FOREIGN KEY (model_name, champion_version) REFERENCES model_version_management;

CREATE TABLE model_deployment_history (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model_name   text NOT NULL,
    from_version integer,
    to_version   integer,
    event_id     integer UNIQUE,
    deployed_by  text NOT NULL,
    reason       text NOT NULL,
    deployed_at  timestamptz NOT NULL,
    FOREIGN KEY (model_name, from_version) REFERENCES model_version_management,
    FOREIGN KEY (model_name, to_version) REFERENCES model_version_management,
    FOREIGN KEY (event_id, model_name) REFERENCES model_retraining_events (id, model_name),
    CHECK (from_version IS DISTINCT FROM to_version)
);
CREATE INDEX deployment_history_by_time ON model_deployment_history (model_name, deployed_at DESC, id DESC);
COMMENT ON TABLE model_deployment_history IS 'One change of champion: from, to, who, why, when. Rows are only added.';
COMMENT ON COLUMN model_deployment_history.from_version IS 'NULL for the first champion of a model.';
COMMENT ON COLUMN model_deployment_history.to_version IS 'NULL when a champion was withdrawn without a successor.';
COMMENT ON COLUMN model_deployment_history.event_id IS 'The event that promoted it; NULL for a change made by hand.';

CREATE FUNCTION forbid_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append only: % is not allowed', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END;
$$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON model_deployment_history
    FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER append_only_as_a_whole BEFORE TRUNCATE ON model_deployment_history
    FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();

CREATE TABLE reference_profiles (
    model_name  text NOT NULL,
    version     integer NOT NULL,
    profile     json NOT NULL,
    accepted_at timestamptz NOT NULL,
    PRIMARY KEY (model_name, version),
    FOREIGN KEY (model_name, version) REFERENCES model_version_management
);
COMMENT ON TABLE reference_profiles IS 'Profile of the rows that a version was trained and accepted on.';
COMMENT ON COLUMN reference_profiles.profile IS
    'json, not jsonb: kept to the letter. The order of categories matters, and category names may hold any character.';
