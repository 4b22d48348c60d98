-- What lies behind a decision, and what a retrain was worth; empty for decisions made before this was recorded.

ALTER TABLE retraining_decisions
    ADD COLUMN cause          text NOT NULL DEFAULT '' CHECK (cause IN (
        '', 'data_quality', 'covariate_shift', 'concept_shift', 'covariate_and_concept_shift', 'unknown')),
    ADD COLUMN features       jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN loss_explained double precision CHECK (loss_explained BETWEEN 0 AND 1),
    ADD COLUMN expected_gain  double precision,
    ADD COLUMN training_cost  double precision;
COMMENT ON COLUMN retraining_decisions.features IS
    'Columns that broke, or else those that changed, the most telling first.';
COMMENT ON COLUMN retraining_decisions.loss_explained IS
    'Share of the rise of the loss that the changed columns explain: an estimate; NULL where not measured.';
COMMENT ON COLUMN retraining_decisions.expected_gain IS
    'Over the horizon of the policy, in the unit of its costs; NULL without costs or labels.';
