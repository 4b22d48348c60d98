-- Read all of one view from one moment of the records, planned for the values that are given.
-- Parameters: none
-- Returns:    nothing
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;
SET LOCAL plan_cache_mode = force_custom_plan;
SET LOCAL jit = off;
