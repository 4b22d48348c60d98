-- The open events of a model. Nobody else can change them until the transaction ends.
-- Parameters: model_name text
-- Returns:    rows of model_retraining_events, oldest first
SELECT * FROM model_retraining_events
WHERE model_name = %(model_name)s AND status IN ('decided', 'executing')
ORDER BY id
FOR UPDATE;
