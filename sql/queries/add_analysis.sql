-- Keep what a run worked out about a model besides signals and measurements.
-- Parameters: the columns of retraining_analyses
-- Returns:    nothing
INSERT INTO retraining_analyses (model_name, run_id, as_of, running_errors, facts, distributions)
VALUES (%(model_name)s, %(run_id)s, %(as_of)s, %(running_errors)s, %(facts)s, %(distributions)s);
