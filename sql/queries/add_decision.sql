-- Keep a decision.
-- Parameters: the columns of retraining_decisions
-- Returns:    nothing
INSERT INTO retraining_decisions (
    model_name, run_id, triggered, trigger_type, severity, confidence, reason, root_cause, blocked_by, recommendation,
    triggers, decided_at, cause, features, loss_explained, expected_gain, training_cost,
    nearest_trigger, nearness)
VALUES (
    %(model_name)s, %(run_id)s, %(triggered)s, %(trigger_type)s, %(severity)s, %(confidence)s, %(reason)s,
    %(root_cause)s, %(blocked_by)s, %(recommendation)s, %(triggers)s, %(decided_at)s, %(cause)s,
    %(features)s, %(loss_explained)s, %(expected_gain)s, %(training_cost)s,
    %(nearest_trigger)s, %(nearness)s);
