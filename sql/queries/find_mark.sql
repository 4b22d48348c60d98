-- Whether these records wrote a mark.
-- Parameters: mark text
-- Returns:    at most one row: id bigint
SELECT id FROM records_places WHERE mark::text = %(mark)s;
