-- A chain of hashes over what is audited: decisions, events, versions and changes of champion. Guards and rights keep
-- others from changing those; who owns the database can put guards aside. He cannot do it without breaking the chain, or
-- making all of it anew, which the anchors beside the artifacts show: `python -m include.cli audit verify`.

CREATE TABLE audit_chain_columns (
    id      bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT audit_chain_columns_key PRIMARY KEY,
    columns text[] NOT NULL CONSTRAINT audit_chain_columns_once UNIQUE
);
COMMENT ON TABLE audit_chain_columns IS
    'One set of columns that entries of the audit chain are hashes of. A column that a later version adds is in the '
    'entries from then on, and earlier ones stay as they are.';
COMMENT ON COLUMN audit_chain_columns.id IS 'Which set it is.';
COMMENT ON COLUMN audit_chain_columns.columns IS
    'Their names in order; of a decision also those of its row of retraining_runs, with run. before them.';

CREATE TABLE audit_chain (
    model_name    text NOT NULL,
    number        bigint NOT NULL CONSTRAINT audit_chain_counts_from_one CHECK (number >= 1),
    what          text NOT NULL
        CONSTRAINT audit_chain_what CHECK (what IN ('decision', 'event', 'version', 'champion')),
    key           text NOT NULL,
    state         text NOT NULL,
    written_at    timestamptz NOT NULL,
    columns_id    bigint NOT NULL,
    content_hash  bytea NOT NULL,
    previous_hash bytea NOT NULL,
    hash          bytea NOT NULL,
    CONSTRAINT audit_chain_key PRIMARY KEY (model_name, number)
);
CREATE INDEX audit_chain_by_row ON audit_chain (model_name, what, key, number DESC);
CREATE INDEX audit_chain_by_time ON audit_chain (written_at);
COMMENT ON TABLE audit_chain IS
    'One state of one row that is audited, hashed together with the entry before it: one chain a model. Rows are only '
    'added, by the tables themselves.';
COMMENT ON COLUMN audit_chain.model_name IS 'Name of the model, as in its file.';
COMMENT ON COLUMN audit_chain.number IS 'Counts the entries of the model from 1, without gaps.';
COMMENT ON COLUMN audit_chain.what IS
    'decision (retraining_decisions, with its row of retraining_runs), event (model_retraining_events), version '
    '(model_version_management) or champion (model_deployment_history).';
COMMENT ON COLUMN audit_chain.key IS 'Which row: run_id, id, version or id.';
COMMENT ON COLUMN audit_chain.state IS
    'Of an event and a version its status then, or approved where that was written down; empty for others, which never '
    'change.';
COMMENT ON COLUMN audit_chain.written_at IS 'When it was written down.';
COMMENT ON COLUMN audit_chain.columns_id IS 'Of which columns it is the hash.';
COMMENT ON COLUMN audit_chain.content_hash IS
    'SHA-256 of these columns as jsonb, times in UTC; not of what may be noted later: notes, place of the report.';
COMMENT ON COLUMN audit_chain.previous_hash IS 'Hash of the entry before it; empty for the first one.';
COMMENT ON COLUMN audit_chain.hash IS 'SHA-256 of the other columns but columns_id, as a jsonb array.';

CREATE TABLE audit_chain_heads (
    model_name text NOT NULL CONSTRAINT audit_chain_heads_key PRIMARY KEY,
    number     bigint NOT NULL CONSTRAINT audit_chain_heads_number CHECK (number >= 0),
    hash       bytea NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE audit_chain_heads IS
    'The newest entry of each chain. Whoever adds one holds this row until his transaction ends, which is at once.';
COMMENT ON COLUMN audit_chain_heads.model_name IS 'Name of the model, as in its file.';
COMMENT ON COLUMN audit_chain_heads.number IS 'How many entries the chain has.';
COMMENT ON COLUMN audit_chain_heads.hash IS 'Hash of the last of them; empty before the first one.';

CREATE FUNCTION audit_content(what text, found jsonb) RETURNS jsonb
LANGUAGE sql STABLE SET search_path FROM CURRENT RETURN
    CASE what
        WHEN 'decision' THEN (found - 'report_path') || coalesce((
            SELECT jsonb_object_agg('run.' || part.key, part.value)
            FROM retraining_runs r, jsonb_each(to_jsonb(r)) AS part
            WHERE r.model_name = found ->> 'model_name' AND r.run_id = found ->> 'run_id'), '{}')
        WHEN 'event' THEN found - ARRAY['retraining_notes', 'report_path', 'improvement_r2_percent',
                                        'improvement_rmse_percent', 'improvement_accuracy_percent']
        ELSE found END;
COMMENT ON FUNCTION audit_content IS
    'What an entry of the audit chain is the hash of: a row without what may be noted later and what follows from it.';

-- At the end of the transaction: its lock on the head of the chain is then the last that it takes, and held for no time.
CREATE FUNCTION append_to_chain() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT SET timezone TO 'UTC' SET extra_float_digits TO 1 AS $$
DECLARE
    added   CONSTANT jsonb := to_jsonb(NEW);
    entry   audit_chain;
    content jsonb;
    names   text[];
BEGIN
    entry.what := TG_ARGV[0];
    content := audit_content(entry.what, added);
    IF TG_OP = 'UPDATE' AND content = audit_content(entry.what, to_jsonb(OLD)) THEN
        RETURN NULL;
    END IF;
    entry.model_name := NEW.model_name;
    entry.key := added ->> TG_ARGV[1];
    entry.state := coalesce(added ->> 'status', '');
    IF TG_OP = 'UPDATE' AND added ->> 'approved_by' IS NOT NULL AND to_jsonb(OLD) ->> 'approved_by' IS NULL THEN
        entry.state := 'approved';
    END IF;
    entry.content_hash := sha256(convert_to(content::text, 'UTF8'));
    names := ARRAY(SELECT jsonb_object_keys(content) COLLATE "C" ORDER BY 1);
    SELECT id INTO entry.columns_id FROM audit_chain_columns WHERE columns = names;
    IF NOT FOUND THEN
        INSERT INTO audit_chain_columns (columns) VALUES (names) ON CONFLICT (columns) DO NOTHING;
        SELECT id INTO STRICT entry.columns_id FROM audit_chain_columns WHERE columns = names;
    END IF;
    INSERT INTO audit_chain_heads (model_name, number, hash) VALUES (entry.model_name, 0, '')
    ON CONFLICT (model_name) DO NOTHING;
    SELECT number + 1, hash INTO STRICT entry.number, entry.previous_hash
    FROM audit_chain_heads WHERE model_name = entry.model_name FOR UPDATE;
    entry.written_at := clock_timestamp();
    entry.hash := sha256(convert_to(jsonb_build_array(
        entry.model_name, entry.number, entry.what, entry.key, entry.state, entry.written_at,
        encode(entry.content_hash, 'hex'), encode(entry.previous_hash, 'hex'))::text, 'UTF8'));
    INSERT INTO audit_chain SELECT entry.*;
    UPDATE audit_chain_heads SET number = entry.number, hash = entry.hash WHERE model_name = entry.model_name;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION append_to_chain IS 'Adds an entry to the chain of a model, for a row that is new or has changed.';
REVOKE EXECUTE ON FUNCTION append_to_chain FROM PUBLIC;

CREATE FUNCTION guard_chain_head() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.model_name, NEW.number) IS DISTINCT FROM (OLD.model_name, OLD.number + 1) THEN
        RAISE EXCEPTION 'the chain of % only grows, by one entry at a time', OLD.model_name
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION guard_chain_head IS 'Holds the head of a chain to growing by one entry at a time.';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_chain_columns
    FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER append_only_as_a_whole BEFORE TRUNCATE ON audit_chain_columns
    FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_chain
    FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER append_only_as_a_whole BEFORE TRUNCATE ON audit_chain
    FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER guard_chain_head BEFORE UPDATE ON audit_chain_heads
    FOR EACH ROW EXECUTE FUNCTION guard_chain_head();
CREATE TRIGGER append_only BEFORE DELETE ON audit_chain_heads
    FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER append_only_as_a_whole BEFORE TRUNCATE ON audit_chain_heads
    FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();

CREATE CONSTRAINT TRIGGER append_to_chain AFTER INSERT ON retraining_decisions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION append_to_chain('decision', 'run_id');
CREATE CONSTRAINT TRIGGER append_to_chain AFTER INSERT OR UPDATE ON model_retraining_events
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION append_to_chain('event', 'id');
CREATE CONSTRAINT TRIGGER append_to_chain AFTER INSERT OR UPDATE ON model_version_management
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION append_to_chain('version', 'version');
CREATE CONSTRAINT TRIGGER append_to_chain AFTER INSERT ON model_deployment_history
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION append_to_chain('champion', 'id');
