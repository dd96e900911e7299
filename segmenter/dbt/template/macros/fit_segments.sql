{#- Finds the segments in a table of sales and publishes them in the schema segments. The options
   are those of a fit: dbt run-operation fit_segments
   --args '{transactions: sales, options: {customer: customer_id, amount: amount}}'
   Then write this package anew: segmenter dbt init DB DIR --overwrite #}

{% macro fit_segments(transactions, options) -%}
{%- set mapping = segments_quoted(tojson(options)) ~ '::json' -%}
{{ segments_call('select fit_segments(' ~ segments_quoted(transactions) ~ ', ' ~ mapping ~ ')') }}
{%- endmacro %}
