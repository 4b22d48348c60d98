-- Whether anything is on record of a model.
-- Parameters: model_name text
-- Returns:    one row: known boolean
SELECT EXISTS (SELECT FROM auto_retraining_jobs WHERE model_name = %(model_name)s)
    OR EXISTS (SELECT FROM retraining_runs WHERE model_name = %(model_name)s)
    OR EXISTS (SELECT FROM retraining_requests WHERE model_name = %(model_name)s)
    OR EXISTS (SELECT FROM retraining_failures WHERE model_name = %(model_name)s) AS known;
