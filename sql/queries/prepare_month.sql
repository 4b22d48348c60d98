-- Make the partitions for the month of a run, if it is the first of that month. Comes first in its transaction.
-- Parameters: as_of timestamptz
-- Returns:    one row, without meaning
SELECT prepare_month(%(as_of)s);
