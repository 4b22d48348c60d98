-- Keep the profile that a version was accepted with; at the end of a shadow it takes the place of that from its begin.
-- Parameters: model_name text, version integer, profile text (JSON), at timestamptz
-- Returns:    nothing
INSERT INTO reference_profiles (model_name, version, profile, accepted_at)
VALUES (%(model_name)s, %(version)s, %(profile)s::json, %(at)s)
ON CONFLICT (model_name, version) DO UPDATE SET profile = excluded.profile, accepted_at = excluded.accepted_at;
