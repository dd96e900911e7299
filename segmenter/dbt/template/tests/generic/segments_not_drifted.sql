{#- The metrics by which the customers of a relation are no longer like those that the model learned
   from: a refit is due. #}

{% test segments_not_drifted(model) %}

select *
from (
{{ segment_drift(model) }}
) as drift
where is_drifted

{% endtest %}
