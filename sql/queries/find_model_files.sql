-- The model files that were in force for a model.
-- Parameters: model_name text, most integer
-- Returns:    config_hash, config jsonb, seen_at, last_seen_at (of the model); newest first
SELECT h.config_hash, h.config, h.seen_at, j.last_seen_at
FROM model_file_history h
JOIN auto_retraining_jobs j USING (model_name)
WHERE h.model_name = %(model_name)s
ORDER BY h.id DESC
LIMIT %(most)s;
