-- The latest checks of a model up to a time, dry runs aside, without what only a report of the run itself draws.
-- Parameters: model_name text, until timestamptz, most integer
-- Returns:    columns of retraining_analyses and of retraining_decisions; oldest first
SELECT * FROM (
    SELECT
        a.as_of, a.request_reason, a.requested_by, a.force, a.dry_run, a.preset, a.window_start, a.window_end, a.rows,
        a.labelled_rows, a.champion_version, a.facts, NULL::jsonb AS running_errors, '[]'::jsonb AS distributions, d.*
    FROM retraining_analyses a
    JOIN retraining_decisions d USING (model_name, run_id)
    WHERE a.model_name = %(model_name)s AND a.as_of <= %(until)s AND NOT a.dry_run
    ORDER BY a.as_of DESC, a.run_id COLLATE "C" DESC
    LIMIT %(most)s
) latest
ORDER BY as_of, run_id COLLATE "C";
