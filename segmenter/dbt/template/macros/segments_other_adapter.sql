{#- Says that there is no SQL of this package for the adapter of the target. #}

{% macro segments_other_adapter() -%}
{{ exceptions.raise_compiler_error(
    "the package segments has SQL for dbt-duckdb and dbt-postgres, not for " ~ target.type ~ ". "
    "Run it with a target of these, or run the script that segmenter export writes."
) }}
{%- endmacro %}
