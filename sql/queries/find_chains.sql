-- How long the audit chains are.
-- Parameters: model_name text (NULL for all models)
-- Returns:    model_name, number, hash (hexadecimal), written_at (of the last entry), by model name
SELECT DISTINCT ON (model_name COLLATE "C") model_name, number, encode(hash, 'hex') AS hash, written_at
FROM audit_chain
WHERE %(model_name)s::text IS NULL OR model_name = %(model_name)s
ORDER BY model_name COLLATE "C", number DESC;
