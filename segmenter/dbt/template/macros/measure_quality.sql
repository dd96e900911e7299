{#- Measures a model into segments.model_quality: dbt run-operation measure_quality
   With --args '{model_id: 1}' another one than the current. #}

{% macro measure_quality(model_id=none) -%}
{{ segments_call('select measure_quality(' ~ (model_id | int if model_id is not none else 'null') ~ ')') }}
{%- endmacro %}
