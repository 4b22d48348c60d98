-- Note that these records write outside from here, or what somebody said that they are.
-- Parameters: kind text, told text, noted_by text, at timestamptz
-- Returns:    one row: mark text, to be written beside the artifacts
INSERT INTO records_places (kind, place, told, noted_by, noted_at)
VALUES (%(kind)s, records_place(), %(told)s, %(noted_by)s, %(at)s)
RETURNING mark::text;
