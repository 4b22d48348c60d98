-- Hold the version of a model that is in shadow, because another version became champion.
-- Parameters: model_name text, to_version integer (the new champion), ended text (why), ended_by text, at timestamptz
-- Returns:    nothing
UPDATE model_version_management SET
    status = 'held',
    status_changed_at = %(at)s,
    details = jsonb_set(details, '{shadow}', coalesce(details -> 'shadow', '{}')
                        || jsonb_build_object('ended', %(ended)s::text, 'ended_by', %(ended_by)s::text))
WHERE model_name = %(model_name)s AND version <> %(to_version)s
  AND status = 'candidate' AND shadow_checks IS NOT NULL;
