-- main.may_run, in the server of segmenter serve
-- Whether a client of the remote protocol may run a query: queries that read, with the functions
-- below in the place of a table, and the borders of transactions. The parser itself tells what
-- reads: it turns nothing else into JSON. A function in the place of a table could stop the server.
create or replace macro main.may_run(connection, query) as
(
    regexp_full_match(
        cast(query as varchar), '(?i)\s*(begin(\s+transaction)?|commit|rollback)[\s;]*'
    )
    or (
        coalesce(json_serialize_sql(cast(query as varchar)) ->> 'error', 'true') = 'false'
        and not exists (
            select value
            from json_tree(json_serialize_sql(cast(query as varchar)))
            where
                value ->> 'type' = 'TABLE_FUNCTION'
                and coalesce(value -> 'function' ->> 'function_name', '') not in (
                    'duckdb_columns', 'duckdb_tables', 'duckdb_views',
                    'generate_series', 'range', 'unnest'
                )
        )
    )
)
