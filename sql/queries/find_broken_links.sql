-- Where the audit chains are broken in themselves: entries that are missing, altered, or do not follow the one before.
-- It asks no function of the schema, which whoever alters rows could alter, too.
-- Parameters: model_name text (NULL for all models), most integer
-- Returns:    model_name, number, what, key, state, kind (missing: entries before it; altered; unlinked; head: the end
--             of the chain is not the one on record), other (the number before, or of the head), by model and number
SELECT * FROM (
    SELECT e.model_name, e.number, e.what, e.key, e.state, e.number_before AS other,
           CASE WHEN e.number <> e.number_before + 1 THEN 'missing'
                WHEN e.hash <> sha256(convert_to(jsonb_build_array(
                    e.model_name, e.number, e.what, e.key, e.state, e.written_at, encode(e.content_hash, 'hex'),
                    encode(e.previous_hash, 'hex'))::text, 'UTF8')) THEN 'altered'
                WHEN e.previous_hash <> e.hash_before THEN 'unlinked' END AS kind
    FROM (
        SELECT c.*, lag(c.number, 1, 0::bigint) OVER chain AS number_before,
               lag(c.hash, 1, '') OVER chain AS hash_before
        FROM audit_chain c
        WHERE %(model_name)s::text IS NULL OR c.model_name = %(model_name)s
        WINDOW chain AS (PARTITION BY c.model_name ORDER BY c.number)
    ) e
    UNION ALL
    SELECT coalesce(h.model_name, l.model_name), coalesce(l.number, 0), '', '', '', coalesce(h.number, 0), 'head'
    FROM audit_chain_heads h
    FULL JOIN (
        SELECT DISTINCT ON (model_name) model_name, number, hash FROM audit_chain
        WHERE %(model_name)s::text IS NULL OR model_name = %(model_name)s
        ORDER BY model_name, number DESC
    ) l ON l.model_name = h.model_name
    WHERE (%(model_name)s::text IS NULL OR coalesce(h.model_name, l.model_name) = %(model_name)s)
      AND (coalesce(h.number, 0), coalesce(h.hash, '')) IS DISTINCT FROM (coalesce(l.number, 0), coalesce(l.hash, ''))
) broken
WHERE kind IS NOT NULL
ORDER BY model_name COLLATE "C", number
LIMIT %(most)s;
