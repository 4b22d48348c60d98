-- Holds for rows that are added from now on; the next file looks at those that are there.
ALTER TABLE model_drift_monitoring
    ADD CONSTRAINT model_drift_monitoring_p_value CHECK (p_value BETWEEN 0 AND 1) NOT VALID;
