-- Who may do what. Nobody can log in as one of these roles: grant them to the users that do.
--   GRANT retraining_writer TO airflow; GRANT retraining_reader TO ann; GRANT retraining_metrics TO prometheus;
-- Roles belong to the whole server: another records database there has the same ones, and rights of its own. Where the
-- migrating user may not make roles, only the owner of the tables uses them until somebody has made the roles and the
-- owner has run this file again (with the search path on the schema of the records); that changes nothing else.

DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['retraining_writer', 'retraining_reader', 'retraining_metrics'] LOOP
        IF to_regrole(wanted) IS NULL THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
            EXCEPTION
                WHEN insufficient_privilege THEN
                    RAISE NOTICE 'role % was not made: % may not make roles. Let somebody who may do so, then run '
                        'sql/schema/09_roles.sql again', wanted, current_user;
                WHEN duplicate_object OR unique_violation THEN
                    NULL;  -- made for another database of this server meanwhile
            END;
        END IF;
    END LOOP;

    -- The workflow and its commands: what they write, column by column where a row is written once and noted on later.
    IF to_regrole('retraining_writer') IS NOT NULL THEN
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO retraining_writer', current_schema());
        EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO retraining_writer', current_schema());
        GRANT INSERT ON auto_retraining_jobs, retraining_runs, retraining_analyses, model_drift_monitoring,
            model_performance_tracking, retraining_decisions, model_version_management, reference_profiles,
            model_deployment_history, champion_announcements, canary_shares, model_retraining_events,
            retraining_requests, quarantined_spans, data_arrivals, retraining_failures, model_pauses, notification_mutes,
            model_annotations, decision_marks, idempotency_keys, notifications, notification_deliveries, records_places
            TO retraining_writer;
        GRANT UPDATE ON notifications, notification_deliveries TO retraining_writer;
        GRANT UPDATE ON notification_mutes, idempotency_keys TO retraining_writer;
        GRANT DELETE ON idempotency_keys TO retraining_writer;
        GRANT UPDATE ON auto_retraining_jobs, retraining_runs, model_version_management, reference_profiles,
            model_retraining_events, retraining_requests, quarantined_spans TO retraining_writer;
        GRANT UPDATE (run_id, taken_at) ON data_arrivals TO retraining_writer;
        GRANT UPDATE (report_path) ON retraining_decisions TO retraining_writer;
        GRANT DELETE ON retraining_analyses, model_drift_monitoring, model_performance_tracking TO retraining_writer;
        GRANT EXECUTE ON FUNCTION prepare_month TO retraining_writer;
    END IF;

    -- Analysts and auditors: everything, to read.
    IF to_regrole('retraining_reader') IS NOT NULL THEN
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO retraining_reader', current_schema());
        EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO retraining_reader', current_schema());
    END IF;

    -- A scraper: how often, how long, how good; no settings, no reasons that people wrote, no profiles of rows.
    IF to_regrole('retraining_metrics') IS NOT NULL THEN
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO retraining_metrics', current_schema());
        GRANT SELECT (model_name, registered_at, changed_at, last_seen_at, enabled, metric, check_every)
            ON auto_retraining_jobs TO retraining_metrics;
        GRANT SELECT (model_name, run_id, as_of, dry_run, rows, labelled_rows, champion_version, analyzed_at)
            ON retraining_runs TO retraining_metrics;
        GRANT SELECT (id, model_name, run_id, as_of, kind, feature, statistic, verdict, value, threshold, p_value,
            level, blocks) ON model_drift_monitoring TO retraining_metrics;
        GRANT SELECT ON model_performance_tracking TO retraining_metrics;
        GRANT SELECT (model_name, run_id, triggered, trigger_type, severity, confidence, cause, decided_at,
            nearest_trigger, nearness) ON retraining_decisions TO retraining_metrics;
        GRANT SELECT (id, model_name, run_id, status, trigger_type, severity, confidence, as_of, dry_run, triggered_at,
            execution_attempted, attempts, execution_started_at, execution_completed_at, execution_successful,
            error_type, version, champion_version, retraining_r2, retraining_rmse, retraining_accuracy,
            improvement_r2_percent, improvement_rmse_percent, improvement_accuracy_percent, training_data_size,
            training_duration) ON model_retraining_events TO retraining_metrics;
        GRANT SELECT (model_name, version, status, status_changed_at, created_at, parent, shadow_checks, shadow_since)
            ON model_version_management TO retraining_metrics;
        GRANT SELECT (id, model_name, from_version, to_version, kind, deployed_at)
            ON model_deployment_history TO retraining_metrics;
        GRANT SELECT (id, model_name, kind, requested_at, consumed_at, tries) ON retraining_requests
            TO retraining_metrics;
        GRANT SELECT (id, model_name, feature, statistic, quarantined_at, lifted_at) ON quarantined_spans
            TO retraining_metrics;
        GRANT SELECT (id, model_name, run_id, step, error_type, permanent, failed_at) ON retraining_failures
            TO retraining_metrics;
        GRANT SELECT (id, place, ordinal, starts, noted_at, run_id, taken_at) ON data_arrivals TO retraining_metrics;
        GRANT SELECT (id, model_name, paused, set_at) ON model_pauses TO retraining_metrics;
        GRANT SELECT (id, model_name, muted_until, muted_at, lifted_at) ON notification_mutes TO retraining_metrics;
        GRANT SELECT (id, model_name, run_id, verdict, marked_at) ON decision_marks TO retraining_metrics;
        GRANT SELECT (id, model_name, subject, kind, phase, severity, written_at, due_at, settled, settled_at)
            ON notifications TO retraining_metrics;
        GRANT SELECT (id, notification_id, service, attempt, status, begun_at, ended_at)
            ON notification_deliveries TO retraining_metrics;
        GRANT SELECT ON retraining_tallies, quiet_days TO retraining_metrics;
    END IF;
END;
$$;
