-- Drop what an earlier try of the same run worked out; its row of retraining_runs stays, to be written over.
-- Parameters: model_name text, run_id text
-- Returns:    nothing
DELETE FROM retraining_analyses d USING retraining_runs r
WHERE r.model_name = %(model_name)s AND r.run_id = %(run_id)s
  AND d.model_name = r.model_name AND d.run_id = r.run_id AND d.as_of = r.as_of;
