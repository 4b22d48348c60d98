-- Make these records others than those that they were copied from. Only the owner of the tables may.
-- Parameters: none
-- Returns:    one row: id text
UPDATE records_identity SET id = gen_random_uuid() RETURNING id::text;
