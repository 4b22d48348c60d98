-- Which versions of each model are on record.
-- Parameters: none
-- Returns:    rows: model_name text, numbers integer[]
SELECT model_name, array_agg(version) AS numbers
FROM model_version_management
GROUP BY model_name;
