-- Set what the records need, whatever the server, the database or the role says for everybody.
-- For the session where it is the client's own, or the client knows its process by that number; for the transaction
-- where a pooler is in between. Temporary tables, also those left behind in a session that is lent, come last.
-- Parameters: schema text, statement_timeout text, lock_timeout text, pid integer, own boolean
-- Returns:    one row: direct boolean (set for the session), astray boolean (the functions of the schema look for its
--             tables in another: all are made together, and one is looked at), hidden text (tables whose row security
--             may hide rows from this user; a policy that shows him all is none), and columns without meaning
SELECT session.direct,
       (SELECT NOT bool_or(starts_with(setting, 'search_path=' || quote_ident(%(schema)s::text) || ','))
        FROM pg_proc, unnest(proconfig) setting
        WHERE proname = 'prepare_month' AND pronamespace = to_regnamespace(quote_ident(%(schema)s::text))) AS astray,
       (SELECT string_agg(relname, ', ' ORDER BY relname COLLATE "C") FROM pg_class c
        WHERE relrowsecurity AND NOT relispartition AND row_security_active(c.oid)
          AND relnamespace = to_regnamespace(quote_ident(%(schema)s::text))
          AND NOT coalesce((SELECT bool_or(polpermissive AND shown) AND bool_and(polpermissive OR shown)
                            FROM pg_policy, pg_get_expr(polqual, polrelid) qual, coalesce(qual = 'true', false) shown
                            WHERE polrelid = c.oid AND polcmd IN ('*', 'r')
                              AND EXISTS (SELECT FROM unnest(polroles) wanted
                                          WHERE wanted = 0 OR pg_has_role(wanted, 'USAGE'))), false)) AS hidden,
       set_config('search_path', quote_ident(%(schema)s::text) || ', pg_temp', NOT session.direct),
       set_config('client_encoding', 'UTF8', NOT session.direct),
       set_config('datestyle', 'ISO, YMD', NOT session.direct),
       set_config('intervalstyle', 'postgres', NOT session.direct),
       set_config('default_transaction_isolation', 'read committed', NOT session.direct),
       set_config('timezone', 'UTC', NOT session.direct),
       set_config('extra_float_digits', '1', NOT session.direct),
       set_config('standard_conforming_strings', 'on', NOT session.direct),
       set_config('transform_null_equals', 'off', NOT session.direct),
       set_config('statement_timeout', %(statement_timeout)s::text, NOT session.direct),
       set_config('lock_timeout', %(lock_timeout)s::text, NOT session.direct),
       set_config('idle_in_transaction_session_timeout', %(statement_timeout)s::text, NOT session.direct),
       set_config('idle_session_timeout', '0', NOT session.direct),
       CASE WHEN current_setting('transaction_timeout', true) IS NOT NULL  -- from version 17 on
            THEN set_config('transaction_timeout', '0', NOT session.direct) END,
       CASE WHEN current_setting('session_replication_role') = 'replica'  -- which puts all rules and the chain aside
            THEN set_config('session_replication_role', 'origin', NOT session.direct) END
FROM (SELECT %(own)s::boolean OR pg_backend_pid() = %(pid)s::integer AS direct) session;
