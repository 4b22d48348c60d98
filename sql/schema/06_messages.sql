-- What people are told: the outbox, and each try to deliver it.

CREATE TABLE notifications (
    id         bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT notifications_key PRIMARY KEY,
    model_name text NOT NULL DEFAULT '',
    subject    text NOT NULL CONSTRAINT notifications_subject CHECK (subject <> ''),
    kind       text NOT NULL CONSTRAINT notifications_kind CHECK (kind <> ''),
    episode    text NOT NULL CONSTRAINT notifications_episode CHECK (episode <> ''),
    phase      text NOT NULL CONSTRAINT notifications_phase CHECK (phase IN ('told', 'begun', 'over')),
    severity   text NOT NULL
        CONSTRAINT notifications_severity CHECK (severity IN ('LOW', 'MEDIUM', 'HIGH', 'CRITICAL')),
    owner      text NOT NULL DEFAULT '',
    run_id     text NOT NULL DEFAULT '',
    batch      uuid NOT NULL,
    headline   text NOT NULL CONSTRAINT notifications_headline CHECK (headline <> ''),
    facts      jsonb NOT NULL DEFAULT '{}',
    routing    jsonb NOT NULL DEFAULT '{}',
    written_at timestamptz NOT NULL,
    due_at     timestamptz NOT NULL,
    settled    text CONSTRAINT notifications_settled
        CHECK (settled IN ('delivered', 'in_part', 'given_up', 'muted', 'passed', 'nobody')),
    settled_at timestamptz,
    -- What a run says is said once, however often it is repeated.
    CONSTRAINT one_notification_per_phase UNIQUE (model_name, subject, kind, episode, phase),
    CONSTRAINT notifications_settled_at_a_time CHECK ((settled IS NULL) = (settled_at IS NULL))
);
CREATE INDEX notifications_by_model ON notifications (model_name, id DESC);
CREATE INDEX notifications_by_batch ON notifications (batch);
CREATE INDEX notifications_by_time ON notifications (written_at);
CREATE INDEX notifications_undelivered ON notifications (due_at) WHERE settled IS NULL;
CREATE INDEX notifications_by_settling ON notifications (settled_at) WHERE settled = 'given_up';
CREATE INDEX notifications_of_episodes ON notifications (id) WHERE phase = 'begun';
COMMENT ON TABLE notifications IS
    'The outbox: one thing that people are to be told, once. An episode is told when it begins and when it is over.';
COMMENT ON COLUMN notifications.id IS 'Counts the notifications of all models.';
COMMENT ON COLUMN notifications.model_name IS 'Name of the model, as in its file; empty where it is about none.';
COMMENT ON COLUMN notifications.subject IS 'The same, or what else it is about.';
COMMENT ON COLUMN notifications.kind IS
    'promoted, held, rejected, failed, rolled_back, quarantined, approval, or a problem of the monitor itself.';
COMMENT ON COLUMN notifications.episode IS 'What makes it the same when it is seen again.';
COMMENT ON COLUMN notifications.phase IS
    'told: it happened, and that is all; begun: an episode began; over: that episode has ended.';
COMMENT ON COLUMN notifications.severity IS 'LOW, MEDIUM, HIGH or CRITICAL.';
COMMENT ON COLUMN notifications.owner IS 'Whom to ask, as the model file says; empty for nobody.';
COMMENT ON COLUMN notifications.run_id IS 'The run that it comes from; empty for none.';
COMMENT ON COLUMN notifications.batch IS 'What was written at once has the same: many of those go out as one digest.';
COMMENT ON COLUMN notifications.headline IS 'The message in a line.';
COMMENT ON COLUMN notifications.facts IS 'What the text of the message is made of.';
COMMENT ON COLUMN notifications.routing IS
    'Who gets it, as the settings were then: services by tag, callbacks, templates. No address, no secret.';
COMMENT ON COLUMN notifications.written_at IS 'When it was written.';
COMMENT ON COLUMN notifications.due_at IS 'Not to be sent before: the end of the quiet hours, of a mute.';
COMMENT ON COLUMN notifications.settled IS
    'What became of it: delivered to all, in_part, given_up, muted, passed (over before it was told), nobody (no '
    'service wants it); NULL while it is to be sent.';
COMMENT ON COLUMN notifications.settled_at IS 'When that was known.';

CREATE TABLE notification_deliveries (
    id              bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT notification_deliveries_key PRIMARY KEY,
    notification_id bigint NOT NULL
        CONSTRAINT notification_deliveries_notification REFERENCES notifications,
    service         text NOT NULL CONSTRAINT notification_deliveries_service CHECK (service <> ''),
    address         text NOT NULL,
    attempt         integer NOT NULL CONSTRAINT notification_deliveries_attempt CHECK (attempt >= 1),
    incident        text NOT NULL DEFAULT '',
    status          text NOT NULL DEFAULT 'sending'
        CONSTRAINT notification_deliveries_status CHECK (status IN ('sending', 'sent', 'failed', 'skipped')),
    error           text NOT NULL DEFAULT '',
    begun_at        timestamptz NOT NULL,
    ended_at        timestamptz,
    -- Of two processes that deliver at once one sends.
    CONSTRAINT one_delivery_per_attempt UNIQUE (notification_id, service, attempt),
    CONSTRAINT notification_deliveries_ended_at_a_time CHECK ((status = 'sending') = (ended_at IS NULL))
);
CREATE INDEX notification_deliveries_by_time ON notification_deliveries (begun_at);
CREATE INDEX notification_deliveries_by_incident ON notification_deliveries (service, incident) WHERE incident <> '';
COMMENT ON TABLE notification_deliveries IS 'One try to deliver one notification to one service, and how it ended.';
COMMENT ON COLUMN notification_deliveries.id IS 'Counts the tries.';
COMMENT ON COLUMN notification_deliveries.notification_id IS 'What was to be delivered.';
COMMENT ON COLUMN notification_deliveries.service IS
    'Name of the service: its tag in the connection, or a callback of the model file.';
COMMENT ON COLUMN notification_deliveries.address IS
    'Kind of the service, with the host where that is no secret: https://hooks.example.com.';
COMMENT ON COLUMN notification_deliveries.attempt IS 'Counts the tries of this notification at this service.';
COMMENT ON COLUMN notification_deliveries.incident IS
    'Deduplication key at a service that keeps incidents, such as PagerDuty; empty for others.';
COMMENT ON COLUMN notification_deliveries.status IS
    'sending, then sent or failed; skipped: nothing is to be sent there. A process that died leaves sending behind.';
COMMENT ON COLUMN notification_deliveries.error IS 'Why it failed or was skipped, without addresses and secrets.';
COMMENT ON COLUMN notification_deliveries.begun_at IS 'When it was begun.';
COMMENT ON COLUMN notification_deliveries.ended_at IS 'When it ended.';

CREATE FUNCTION guard_notification() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    free CONSTANT text[] := ARRAY['due_at', 'settled', 'settled_at'];
BEGIN
    IF OLD.settled IS NOT NULL OR to_jsonb(NEW) - free IS DISTINCT FROM to_jsonb(OLD) - free THEN
        RAISE EXCEPTION 'notification % never changes but for being put off, and settled once', OLD.id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION guard_notification IS 'A notification never changes but for being put off, and settled once.';

CREATE FUNCTION guard_delivery() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    free CONSTANT text[] := ARRAY['status', 'error', 'ended_at'];
BEGIN
    IF OLD.status <> 'sending' OR to_jsonb(NEW) - free IS DISTINCT FROM to_jsonb(OLD) - free THEN
        RAISE EXCEPTION 'delivery % never changes but for being ended once', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION guard_delivery IS 'A try to deliver never changes but for being ended, once.';

CREATE FUNCTION tally_delivery() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO retraining_tallies (model_name, tally, label, total)
    VALUES ('', CASE NEW.status WHEN 'sent' THEN 'sent' ELSE 'unsent' END, NEW.service, 1)
    ON CONFLICT (model_name, tally, label) DO UPDATE SET total = retraining_tallies.total + excluded.total;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION tally_delivery IS 'Counts a try to deliver that ended.';
REVOKE EXECUTE ON FUNCTION tally_delivery FROM PUBLIC;

CREATE TRIGGER tally_delivery AFTER UPDATE ON notification_deliveries
    FOR EACH ROW WHEN (OLD.status = 'sending' AND NEW.status IN ('sent', 'failed')) EXECUTE FUNCTION tally_delivery();
CREATE TRIGGER guard_notification BEFORE UPDATE ON notifications
    FOR EACH ROW EXECUTE FUNCTION guard_notification();
CREATE TRIGGER append_only BEFORE DELETE ON notifications
    FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER append_only_as_a_whole BEFORE TRUNCATE ON notifications
    FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER guard_delivery BEFORE UPDATE ON notification_deliveries
    FOR EACH ROW EXECUTE FUNCTION guard_delivery();
CREATE TRIGGER append_only BEFORE DELETE ON notification_deliveries
    FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER append_only_as_a_whole BEFORE TRUNCATE ON notification_deliveries
    FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
