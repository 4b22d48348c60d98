-- What the schema of the records holds and has in force: a trigger that a restore has left off is not there.
-- Parameters: none
-- Returns:    rows: kind text (relation, function, trigger, constraint; loose month: a table of one month that is no
--             part of the whole), name text
WITH own AS (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
SELECT 'relation' AS kind, relname::text AS name FROM pg_class JOIN own ON relnamespace = own.oid
UNION
SELECT 'function', proname::text FROM pg_proc JOIN own ON pronamespace = own.oid
UNION
SELECT 'trigger', tgname::text
FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid JOIN own ON relnamespace = own.oid
WHERE tgenabled <> 'D'
UNION
SELECT 'loose month', m.relname::text
FROM pg_class m JOIN own ON m.relnamespace = own.oid
JOIN pg_class whole ON whole.relnamespace = own.oid AND whole.relkind = 'p'
    AND m.relname ~ ('^' || whole.relname || '_\d{4}_\d\d$')
WHERE m.relkind = 'r' AND NOT m.relispartition
UNION
SELECT 'constraint', conname::text FROM pg_constraint JOIN own ON connamespace = own.oid;
