-- Where a pause is discussed. Adds a column with a default, which rewrites nothing.
ALTER TABLE model_pauses ADD COLUMN ticket text NOT NULL DEFAULT '';
COMMENT ON COLUMN model_pauses.ticket IS 'Where it is discussed, if anywhere.';
CREATE FUNCTION pauses_of(name text) RETURNS bigint LANGUAGE sql STABLE SET search_path FROM CURRENT
    RETURN (SELECT count(*) FROM model_pauses WHERE model_name = name);
COMMENT ON FUNCTION pauses_of IS 'How often a model was paused.';
REVOKE EXECUTE ON FUNCTION pauses_of FROM PUBLIC;
