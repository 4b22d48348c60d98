-- Keep which rows a run saw of a model, in place of what an earlier try of the same run saw.
-- Parameters: the columns of retraining_runs
-- Returns:    nothing
INSERT INTO retraining_runs (
    model_name, run_id, as_of, request_reason, requested_by, force, dry_run, preset, elsewhere, window_start,
    window_end, rows, labelled_rows, champion_version, data_hash, analyzed_at)
VALUES (
    %(model_name)s, %(run_id)s, %(as_of)s, %(request_reason)s, %(requested_by)s, %(force)s, %(dry_run)s, %(preset)s,
    %(elsewhere)s, %(window_start)s, %(window_end)s, %(rows)s, %(labelled_rows)s, %(champion_version)s, %(data_hash)s,
    %(analyzed_at)s)
ON CONFLICT (model_name, run_id) DO UPDATE SET
    as_of = excluded.as_of,
    request_reason = excluded.request_reason,
    requested_by = excluded.requested_by,
    force = excluded.force,
    dry_run = excluded.dry_run,
    preset = excluded.preset,
    elsewhere = excluded.elsewhere,
    window_start = excluded.window_start,
    window_end = excluded.window_end,
    rows = excluded.rows,
    labelled_rows = excluded.labelled_rows,
    champion_version = excluded.champion_version,
    data_hash = excluded.data_hash,
    analyzed_at = excluded.analyzed_at;
