-- Records of their own, also where several are in one database, or one was copied from another.

-- Key of the session-level advisory lock whose holder may retrain the model. Postgres frees it with the session. Such a
-- key counts in the whole database, so it is made of where these records are (their table) and who they are.
CREATE OR REPLACE FUNCTION retraining_lock_key(model_name text) RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (SELECT hashtextextended(format('right to retrain %s in %s of %s', model_name, i.tableoid::bigint, i.id), 0)
            FROM records_identity i);
