-- Which of these models a run has looked at.
-- Parameters: run_id text, model_names text[]
-- Returns:    model_name
SELECT model_name FROM retraining_runs WHERE run_id = %(run_id)s AND model_name = ANY(%(model_names)s::text[]);
