-- Open the event of a decision that fired; that of a dry run is closed at once.
-- Parameters: columns of model_retraining_events that say what was decided and why
-- Returns:    nothing
INSERT INTO model_retraining_events (
    retraining_id, elsewhere, retraining_notes, training_data_path, hyperparameters,
    model_name, run_id, status, trigger_type, severity, confidence, drift_type, trigger_reason, trigger_metrics,
    decision, as_of, request_reason, requested_by, created_by, force, dry_run, preset, champion_version, triggered_at,
    execution_completed_at, outcome)
VALUES (
    %(retraining_id)s, %(elsewhere)s, %(retraining_notes)s, %(training_data_path)s, %(hyperparameters)s,
    %(model_name)s, %(run_id)s, %(status)s, %(trigger_type)s, %(severity)s, %(confidence)s, %(drift_type)s,
    %(trigger_reason)s, %(trigger_metrics)s, %(decision)s, %(as_of)s, %(request_reason)s, %(requested_by)s,
    %(created_by)s, %(force)s, %(dry_run)s, %(preset)s, %(champion_version)s, %(triggered_at)s,
    %(execution_completed_at)s, %(outcome)s);
