-- A request whose retrain failed is tried again, a few times, and then given up with the reason.

ALTER TABLE retraining_requests
    ADD COLUMN tries    integer NOT NULL DEFAULT 1 CHECK (tries > 0),
    ADD COLUMN retry_of bigint UNIQUE REFERENCES retraining_requests,
    ADD COLUMN gave_up  text CHECK (gave_up IS NULL OR run_id IS NOT NULL),
    ADD CHECK ((tries = 1) = (retry_of IS NULL));
COMMENT ON COLUMN retraining_requests.tries IS 'How often it has been tried, this time counted in.';
COMMENT ON COLUMN retraining_requests.retry_of IS
    'The same request as it was consumed before; the event of that run failed or was abandoned.';
COMMENT ON COLUMN retraining_requests.gave_up IS 'Why it is not tried again: what the event of its last try ended with.';

-- A request never changes but for being consumed, once, and given up thereafter, once.
CREATE OR REPLACE FUNCTION guard_request() RETURNS trigger LANGUAGE plpgsql AS $$
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
