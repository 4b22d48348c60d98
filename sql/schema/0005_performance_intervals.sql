-- How sure a measured metric is.

ALTER TABLE model_performance_tracking ADD COLUMN low double precision, ADD COLUMN high double precision;
COMMENT ON COLUMN model_performance_tracking.low IS
    'Lower end of the 90 % interval of the value, autocorrelation of the rows counted; NULL where there is none.';
COMMENT ON COLUMN model_performance_tracking.high IS 'Upper end of that interval.';
