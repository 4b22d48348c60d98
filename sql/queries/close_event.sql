-- Close an event with the outcome of its execution.
-- Parameters: event_id bigint and the columns of model_retraining_events that say what came of it
-- Returns:    the row of model_retraining_events
UPDATE model_retraining_events SET
    status = %(status)s,
    execution_successful = %(execution_successful)s,
    execution_completed_at = %(execution_completed_at)s,
    outcome = %(outcome)s,
    error_type = %(error_type)s,
    error = %(error)s,
    execution_metrics = %(execution_metrics)s,
    retraining_r2 = %(retraining_r2)s,
    retraining_rmse = %(retraining_rmse)s,
    retraining_accuracy = %(retraining_accuracy)s,
    comparison_previous_r2 = %(comparison_previous_r2)s,
    comparison_previous_rmse = %(comparison_previous_rmse)s,
    comparison_previous_accuracy = %(comparison_previous_accuracy)s,
    performance_metrics = %(performance_metrics)s,
    parent_performance = %(parent_performance)s,
    performance_delta = %(performance_delta)s,
    training_data_path = coalesce(%(training_data_path)s, training_data_path),
    training_data_hash = %(training_data_hash)s,
    training_data_size = %(training_data_size)s,
    hyperparameters = coalesce(%(hyperparameters)s, hyperparameters),
    training_duration = %(training_duration)s,
    memory_usage = %(memory_usage)s,
    gpu_usage = %(gpu_usage)s,
    retraining_notes = coalesce(%(retraining_notes)s, retraining_notes)
WHERE id = %(event_id)s
RETURNING *;
