{#- Measures what the segments of an earlier day did later, into segments.backtest:
   dbt run-operation backtest_segments --args '{as_of: "2011-05-31"}' #}

{% macro backtest_segments(as_of, until=none) -%}
{%- set days = segments_quoted(as_of) ~ ', ' ~ segments_quoted(until) -%}
{{ segments_call('select backtest_segments(' ~ days ~ ')') }}
{%- endmacro %}
