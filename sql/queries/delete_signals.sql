-- Drop the signals that an earlier try of the same run left.
-- Parameters: model_name text, run_id text
-- Returns:    nothing
DELETE FROM model_drift_monitoring WHERE model_name = %(model_name)s AND run_id = %(run_id)s;
