-- What a report of a run is drawn from, and where it is.

ALTER TABLE retraining_analyses ADD COLUMN distributions jsonb NOT NULL DEFAULT '[]';
COMMENT ON COLUMN retraining_analyses.distributions IS
    'Of the columns that changed most, a dozen at most: share of the values in each bar, of the reference and now.';

ALTER TABLE retraining_decisions ADD COLUMN report_path text;
COMMENT ON COLUMN retraining_decisions.report_path IS
    'Folder of the run''s report, relative to the artifacts folder; NULL until it is written.';
ALTER TABLE model_retraining_events ADD COLUMN report_path text;
COMMENT ON COLUMN model_retraining_events.report_path IS
    'As in retraining_decisions; with retraining_notes what may still be written after the event closed.';

-- As before, but that the place of the report may be noted on a closed event.
CREATE OR REPLACE FUNCTION guard_retraining_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    legal text[];
    notes CONSTANT text[] := ARRAY['retraining_notes', 'report_path'];
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status NOT IN ('decided', 'dry_run') THEN
            RAISE EXCEPTION 'an event begins as decided or dry_run, not as %', NEW.status
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.status NOT IN ('decided', 'executing') THEN
        IF to_jsonb(NEW) - notes IS DISTINCT FROM to_jsonb(OLD) - notes THEN
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
