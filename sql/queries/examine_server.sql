-- What a server and its settings are, as a doctor looks at them; settings as a new session finds them.
-- Parameters: none
-- Returns:    one row: version integer, max_connections integer, connections integer, session_timezone text,
--             timezone text, isolation text, statement_timeout text, idle_in_transaction text, idle_session text,
--             read_only text, superuser boolean, user_name text, may_write boolean, pid integer, at timestamptz
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
       coalesce(has_table_privilege(to_regclass('model_retraining_events'), 'INSERT'), true) AS may_write,
       pg_backend_pid() AS pid,
       clock_timestamp() AS at;
