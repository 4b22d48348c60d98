-- Events of some runs of a model.
-- Parameters: model_name text, run_ids text[]
-- Returns:    rows of model_retraining_events
SELECT * FROM model_retraining_events WHERE model_name = %(model_name)s AND run_id = ANY (%(run_ids)s);
