{#- Calls a SQL function of Segmenter in DuckDB and says what it answers: for the macros that fit,
   refresh and measure. #}

{% macro segments_call(query) -%}
{%- if target.type != 'duckdb' -%}
{{ exceptions.raise_compiler_error(
    "this operation works where Segmenter runs inside dbt, with dbt-duckdb, not on " ~ target.type
    ~ ". Fit there with the command line: segmenter fit model.duckdb --engine postgres"
) }}
{%- endif -%}
{%- if execute -%}
{%- set registered = run_query(
    "select count(*) from duckdb_functions() where function_name = 'fit_segments'"
).columns[0].values()[0] -%}
{%- if not registered -%}
{{ exceptions.raise_compiler_error(
    "the plugin of Segmenter is not in the profile of this target. Add it there, and run again:\n"
    "      plugins:\n        - module: segmenter.dbt.plugin"
) }}
{%- endif -%}
{{ log(run_query(query).columns[0].values()[0], info=true) }}
{%- endif -%}
{%- endmacro %}

{% macro segments_quoted(value) -%}
{%- if value is none -%}
{{ return('null') }}
{%- else -%}
{{ return("'" ~ (value | string | replace("'", "''")) ~ "'") }}
{%- endif -%}
{%- endmacro %}
