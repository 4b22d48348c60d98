-- Who these records are, where they lived when they last wrote outside, and where they are now.
-- Parameters: none
-- Returns:    one row: identity text, lived text, lived_told text (NULL where they never wrote), here text,
--             here_told text, renewed_at timestamptz (NULL where they are no copy),
--             said_at timestamptz (NULL where nobody ever had to say what they are)
SELECT i.id::text AS identity,
       p.place AS lived,
       p.told AS lived_told,
       records_place() AS here,
       'database ' || current_database() || ', schema ' || current_schema() || ', server '
           || coalesce(nullif(split_part(records_place(), '/', 1), ''), 'unknown') AS here_told,
       (SELECT max(noted_at) FROM records_places WHERE kind = 'new') AS renewed_at,
       (SELECT max(noted_at) FROM records_places WHERE kind IN ('adopted', 'new')) AS said_at
FROM records_identity i
LEFT JOIN LATERAL (SELECT place, told FROM records_places ORDER BY id DESC LIMIT 1) p ON true;
