-- The newest entry of a model's audit chain.
-- Parameters: model_name text
-- Returns:    number, hash (hexadecimal); no row for a model without entries
SELECT number, encode(hash, 'hex') AS hash FROM audit_chain_heads WHERE model_name = %(model_name)s AND number > 0;
