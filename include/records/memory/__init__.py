"""The records in memory, for replays and tests: the same contract as in Postgres."""
