"""What is remembered: the store protocol, its in-memory twin, and Postgres."""
