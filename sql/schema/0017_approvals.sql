-- Who approved a retrain, whatever became of it.

ALTER TABLE model_retraining_events
    ADD COLUMN approved_by text,
    ADD COLUMN approved_at timestamptz,
    ADD CHECK ((approved_by IS NULL) = (approved_at IS NULL));
COMMENT ON COLUMN model_retraining_events.approved_by IS
    'Who allowed it, where the model file wants somebody asked; NULL where nobody was, and for a no, which `outcome` tells.';
COMMENT ON COLUMN model_retraining_events.approved_at IS 'When that was written down: as the first try began.';
