{#- Brings the snapshot of the schema segments up to date: dbt run-operation refresh_segments
   With --args '{full: true}' every customer is added up again. #}

{% macro refresh_segments(full=false) -%}
{{ segments_call('select refresh_segments(' ~ ('true' if full else 'false') ~ ')') }}
{%- endmacro %}
