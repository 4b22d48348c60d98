-- Who these records are: an artifacts folder belongs to one records database.

CREATE TABLE records_identity (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    only_one boolean NOT NULL DEFAULT true UNIQUE CHECK (only_one)
);
COMMENT ON TABLE records_identity IS
    'One row. A copy of this database, restored from a backup, has the same: it is the same records.';
INSERT INTO records_identity DEFAULT VALUES;
