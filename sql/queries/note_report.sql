-- Note where a run's report is, on its decision and on its event if there is one.
-- Parameters: model_name text, run_id text, report_path text
-- Returns:    nothing
WITH noted AS (
    UPDATE retraining_decisions SET report_path = %(report_path)s
    WHERE model_name = %(model_name)s AND run_id = %(run_id)s
)
UPDATE model_retraining_events SET report_path = %(report_path)s
WHERE model_name = %(model_name)s AND run_id = %(run_id)s;
