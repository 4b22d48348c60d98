-- What a server and its settings are, as a doctor looks at them; settings as a new session finds them.
-- Parameters: none
-- Returns:    one row: version integer, max_connections integer, connections integer, session_timezone text,
--             timezone text, isolation text, statement_timeout text, idle_in_transaction text, idle_session text,
--             reserved integer (connections that this user gets none of), user_limit integer and database_limit integer
--             (-1: none), of_user integer and of_database integer (their connections), read_only text,
--             superuser boolean, user_name text, login_name text (whose limit it is), database_name text,
--             may_write boolean, may_call boolean, pid integer, at timestamptz
WITH own AS (  -- the schema of the records, which `current_schema()` does not name to who may not use it
    SELECT oid FROM pg_namespace WHERE quote_ident(nspname) || ', pg_temp' = current_setting('search_path')
)
SELECT current_setting('server_version_num')::integer AS version,
       current_setting('max_connections')::integer AS max_connections,
       (SELECT sum(numbackends)::integer FROM pg_stat_database) AS connections,  -- of others, too: all may read it
       CASE WHEN login.rolsuper THEN 0 ELSE
           current_setting('superuser_reserved_connections')::integer
           + coalesce(current_setting('reserved_connections', true)::integer, 0)  -- from version 16 on
       END AS reserved,
       CASE WHEN login.rolsuper THEN -1 ELSE login.rolconnlimit END AS user_limit,
       CASE WHEN login.rolsuper THEN -1 ELSE own_database.datconnlimit END AS database_limit,
       (SELECT count(*)::integer FROM pg_stat_activity WHERE usename = session_user) AS of_user,
       (SELECT numbackends FROM pg_stat_database WHERE datname = current_database()) AS of_database,
       current_setting('timezone') AS session_timezone,
       (SELECT reset_val FROM pg_settings WHERE name = 'TimeZone') AS timezone,
       (SELECT reset_val FROM pg_settings WHERE name = 'default_transaction_isolation') AS isolation,
       (SELECT reset_val FROM pg_settings WHERE name = 'statement_timeout') AS statement_timeout,
       (SELECT reset_val FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout') AS idle_in_transaction,
       coalesce((SELECT reset_val FROM pg_settings WHERE name = 'idle_session_timeout'), '0') AS idle_session,
       current_setting('transaction_read_only') AS read_only,
       (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser,
       current_user::text AS user_name,
       session_user::text AS login_name,
       current_database()::text AS database_name,
       coalesce((SELECT has_schema_privilege(own.oid, 'USAGE') AND has_table_privilege(c.oid, 'INSERT')
                 FROM own JOIN pg_class c ON c.relnamespace = own.oid
                 WHERE c.relname = 'model_retraining_events'), true) AS may_write,
       NOT EXISTS (SELECT FROM own JOIN pg_proc p ON p.pronamespace = own.oid
                   WHERE p.proname IN ('prepare_month', 'records_place', 'retraining_lock_key')
                     AND NOT has_function_privilege(p.oid, 'EXECUTE')) AS may_call,
       pg_backend_pid() AS pid,
       clock_timestamp() AS at
FROM pg_roles login, pg_database own_database
WHERE login.rolname = session_user AND own_database.datname = current_database();
