-- The months that retention removed, the last removal of each.
-- Parameters: since timestamptz, until timestamptz (excluded), of which a month has a moment; NULL for all
-- Returns:    table_name, month, rows, bytes, dropped_by, dropped_at; oldest month first
SELECT DISTINCT ON (month, table_name COLLATE "C") table_name, month, rows, bytes, dropped_by, dropped_at
FROM dropped_months
WHERE (%(since)s::timestamptz IS NULL OR month + interval '1 month' > %(since)s)
  AND (%(until)s::timestamptz IS NULL OR month < %(until)s)
ORDER BY month, table_name COLLATE "C", id DESC;
