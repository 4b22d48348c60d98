-- Keep the profile that a version was accepted with.
-- Parameters: model_name text, version integer, profile json, at timestamptz
-- Returns:    nothing
INSERT INTO reference_profiles (model_name, version, profile, accepted_at)
VALUES (%(model_name)s, %(version)s, %(profile)s::json, %(at)s);
