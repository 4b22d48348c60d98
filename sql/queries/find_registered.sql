-- Names of all models that a run has seen.
-- Parameters: none
-- Returns:    model_name
SELECT model_name FROM auto_retraining_jobs;
