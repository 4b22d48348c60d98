-- Which session of the server runs this.
-- Parameters: none
-- Returns:    one row: pid integer
SELECT pg_backend_pid() AS pid;
