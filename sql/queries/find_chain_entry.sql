-- One entry of a model's audit chain.
-- Parameters: model_name text, number bigint
-- Returns:    hash (hexadecimal); no row for an entry that is not there
SELECT encode(hash, 'hex') AS hash FROM audit_chain WHERE model_name = %(model_name)s AND number = %(number)s;
