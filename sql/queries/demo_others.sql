-- Grain: one row for each object of the database that segmenter demo did not make, as words.
-- $tables, $views, $macros, $schemas: what it makes, with the schema.
select 'table ' || schema_name || '.' || table_name as found
from duckdb_tables()
where
    database_name = current_database()
    and not internal
    and not list_contains($tables, schema_name || '.' || table_name)
union all
select 'view ' || schema_name || '.' || view_name
from duckdb_views()
where
    database_name = current_database()
    and not internal
    and not list_contains($views, schema_name || '.' || view_name)
union all
select distinct 'macro ' || schema_name || '.' || function_name
from duckdb_functions()
where
    database_name = current_database()
    and not internal
    and not list_contains($macros, schema_name || '.' || function_name)
union all
select 'schema ' || schema_name
from duckdb_schemas()
where
    database_name = current_database()
    and not internal
    and not list_contains($schemas, schema_name)
union all
select 'index ' || schema_name || '.' || index_name
from duckdb_indexes()
where database_name = current_database()
union all
select 'sequence ' || schema_name || '.' || sequence_name
from duckdb_sequences()
where database_name = current_database()
union all
select 'type ' || schema_name || '.' || type_name
from duckdb_types()
where database_name = current_database() and not internal
order by found
