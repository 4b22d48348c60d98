-- Write down what somebody says of a decision in hindsight.
-- Parameters: model_name text, run_id text, verdict text, marked_by text, reason text, marked_at timestamptz
-- Returns:    the row of decision_marks, with trigger_type, decided_at and counts (whether it is a retrain, and no dry
--             run); none for a decision that is not on record
INSERT INTO decision_marks (model_name, run_id, verdict, marked_by, reason, marked_at)
SELECT d.model_name, d.run_id, %(verdict)s, %(marked_by)s, %(reason)s, %(marked_at)s
FROM retraining_decisions d
WHERE d.model_name = %(model_name)s AND d.run_id = %(run_id)s
RETURNING *, (
    SELECT d.trigger_type FROM retraining_decisions d
    WHERE d.model_name = decision_marks.model_name AND d.run_id = decision_marks.run_id
) AS trigger_type, (
    SELECT d.decided_at FROM retraining_decisions d
    WHERE d.model_name = decision_marks.model_name AND d.run_id = decision_marks.run_id
) AS decided_at, (
    SELECT d.triggered AND NOT r.dry_run FROM retraining_decisions d
    JOIN retraining_runs r ON r.model_name = d.model_name AND r.run_id = d.run_id
    WHERE d.model_name = decision_marks.model_name AND d.run_id = decision_marks.run_id
) AS counts;
