"""Between the entries and the rows of the tables: what each column holds, written and read in one place."""
