{#- What the models read: the source of models/sources.yml, or a model of yours that is named in the
   variable segments_transactions. #}

{% macro segments_source() -%}
{%- set name = var('segments_transactions', none) -%}
{%- if name is none -%}
{{ return(source('segments_sales', 'transactions')) }}
{%- else -%}
{{ return(ref(name)) }}
{%- endif -%}
{%- endmacro %}
