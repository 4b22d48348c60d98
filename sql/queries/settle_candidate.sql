-- Write down what was trained, and what becomes of the candidate.
-- Parameters: model_name text, version integer, and the columns of model_version_management that an outcome fills
-- Returns:    the row of model_version_management; none if it is no candidate
UPDATE model_version_management SET
    status = %(status)s,
    status_changed_at = %(status_changed_at)s,
    artifact_path = %(artifact_path)s,
    artifact_sha256 = %(artifact_sha256)s,
    baseline = %(baseline)s,
    performance_metrics = %(performance_metrics)s,
    data_until = %(data_until)s,
    recent_hash = %(recent_hash)s,
    training_data_path = %(training_data_path)s,
    training_data_hash = %(training_data_hash)s,
    training_data_size = %(training_data_size)s,
    hyperparameters = %(hyperparameters)s,
    shadow_checks = %(shadow_checks)s,
    shadow_since = %(shadow_since)s,
    details = %(details)s
WHERE model_name = %(model_name)s AND version = %(version)s AND status = 'candidate'
RETURNING *;
