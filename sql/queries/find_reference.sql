-- Profile of the rows that a version was trained and accepted on.
-- Parameters: model_name text, version integer
-- Returns:    at most one row: profile text (JSON, as it was written)
SELECT profile::text AS profile FROM reference_profiles WHERE model_name = %(model_name)s AND version = %(version)s;
