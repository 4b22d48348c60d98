-- Name the session that is to hold a claim, let it be idle for as long as training takes, and have the server notice
-- within a minute when the machine at the other end is gone.
-- Parameters: application_name text
-- Returns:    one row, without meaning
SELECT set_config('application_name', %(application_name)s, false),
       set_config('idle_session_timeout', '0', false),
       set_config('tcp_keepalives_idle', '30', false),
       set_config('tcp_keepalives_interval', '10', false),
       set_config('tcp_keepalives_count', '3', false);
