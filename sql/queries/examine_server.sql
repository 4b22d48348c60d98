-- What a server and its settings are, as a doctor looks at them; settings as a new session finds them.
-- Parameters: none
-- Returns:    one row: version integer, max_connections integer, connections integer, session_timezone text,
--             timezone text, isolation text, statement_timeout text, idle_in_transaction text, idle_session text,
--             read_only text, superuser boolean, user_name text, may_write boolean, may_call boolean, pid integer,
--             at timestamptz
WITH own AS (  -- the schema of the records, which `current_schema()` does not name to who may not use it
    SELECT oid FROM pg_namespace WHERE quote_ident(nspname) || ', pg_temp' = current_setting('search_path')
)
SELECT current_setting('server_version_num')::integer AS version,
       current_setting('max_connections')::integer AS max_connections,
       (SELECT count(*)::integer FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,
       current_setting('timezone') AS session_timezone,
       (SELECT reset_val FROM pg_settings WHERE name = 'TimeZone') AS timezone,
       (SELECT reset_val FROM pg_settings WHERE name = 'default_transaction_isolation') AS isolation,
       (SELECT reset_val FROM pg_settings WHERE name = 'statement_timeout') AS statement_timeout,
       (SELECT reset_val FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout') AS idle_in_transaction,
       coalesce((SELECT reset_val FROM pg_settings WHERE name = 'idle_session_timeout'), '0') AS idle_session,
       current_setting('transaction_read_only') AS read_only,
       (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser,
       current_user::text AS user_name,
       coalesce((SELECT has_schema_privilege(own.oid, 'USAGE') AND has_table_privilege(c.oid, 'INSERT')
                 FROM own JOIN pg_class c ON c.relnamespace = own.oid
                 WHERE c.relname = 'model_retraining_events'), true) AS may_write,
       NOT EXISTS (SELECT FROM own JOIN pg_proc p ON p.pronamespace = own.oid
                   WHERE p.proname IN ('prepare_month', 'records_place', 'retraining_lock_key')
                     AND NOT has_function_privilege(p.oid, 'EXECUTE')) AS may_call,
       pg_backend_pid() AS pid,
       clock_timestamp() AS at;
