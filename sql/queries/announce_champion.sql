-- Note that a run tells downstream of the last change of a model's champion, unless an earlier run did.
-- Parameters: model_name text, run_id text, at timestamptz
-- Returns:    that change, a row of model_deployment_history; none if another run told of it, or there is no change
WITH last AS (
    SELECT * FROM model_deployment_history WHERE model_name = %(model_name)s ORDER BY id DESC LIMIT 1
), noted AS (
    INSERT INTO champion_announcements (change_id, run_id, announced_at)
    SELECT id, %(run_id)s, %(at)s FROM last
    ON CONFLICT (change_id) DO NOTHING
)
SELECT last.* FROM last
LEFT JOIN champion_announcements told ON told.change_id = last.id
WHERE told.run_id IS NULL OR told.run_id = %(run_id)s;
