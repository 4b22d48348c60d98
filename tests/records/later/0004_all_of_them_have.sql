-- Outside of a transaction: it reads every row, and keeps neither readers nor writers away.
ALTER TABLE model_drift_monitoring VALIDATE CONSTRAINT model_drift_monitoring_p_value;
