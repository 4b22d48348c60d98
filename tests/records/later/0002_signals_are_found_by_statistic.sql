-- Outside of a transaction: an index of a table that grows.
CREATE INDEX CONCURRENTLY model_drift_monitoring_by_statistic ON model_drift_monitoring (statistic, as_of)
    WHERE verdict = 'changed';
CREATE INDEX CONCURRENTLY IF NOT EXISTS model_pauses_by_ticket ON model_pauses (ticket);
