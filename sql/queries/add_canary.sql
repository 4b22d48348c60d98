-- Give a share of the traffic to a version beside the champion.
-- Parameters: model_name text, version integer, share double precision, set_by text, reason text, set_at timestamptz
-- Returns:    the row of canary_shares; none without a champion, or for a version that is champion, was never let
--             through by the gate, or has no artifact
INSERT INTO canary_shares (model_name, version, champion_version, share, set_by, reason, set_at)
SELECT v.model_name, v.version, champion.version, %(share)s, %(set_by)s, %(reason)s, %(set_at)s
FROM model_version_management v
JOIN model_version_management champion ON champion.model_name = v.model_name AND champion.status = 'champion'
WHERE v.model_name = %(model_name)s AND v.version = %(version)s
  AND (v.status IN ('retired', 'rolled_back') OR (v.status = 'candidate' AND v.shadow_checks IS NOT NULL))
  AND v.artifact_path <> ''
RETURNING *;
