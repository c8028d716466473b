-- On PostgreSQL: nothing is left in the schema's tables.
DO $$
DECLARE names TEXT;
BEGIN
	SELECT string_agg(format('%I', tablename), ', ') INTO names FROM pg_tables WHERE schemaname = current_schema();
	EXECUTE 'TRUNCATE ' || names;
END
$$;
