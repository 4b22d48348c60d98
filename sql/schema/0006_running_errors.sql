-- State of the Page-Hinkley test, kept from run to run: each labelled row counts once, although windows overlap.

ALTER TABLE retraining_analyses ADD COLUMN running_errors jsonb;
COMMENT ON COLUMN retraining_analyses.running_errors IS
    'The champion''s errors so far, this run''s rows counted in; the next run of the same champion goes on from there.';

CREATE INDEX retraining_analyses_by_champion ON retraining_analyses (model_name, champion_version, as_of DESC);
