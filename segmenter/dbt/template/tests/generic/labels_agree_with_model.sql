{#- The rows whose segment is not that of the rules in the seed segment_rules: labels of an earlier
   model, or rules that were changed by hand. #}

{% test labels_agree_with_model(model, monetary='monetary', frequency='frequency', segment='segment') %}

with

labels as (
    select
        {{ monetary }} as monetary,
        {{ frequency }} as frequency,
        {{ segment }} as segment,
        count(*) as customers
    from {{ model }}
    group by
        {{ monetary }},
        {{ frequency }},
        {{ segment }}
),

frequencies as (
    select distinct frequency
    from labels
),

-- so that customers and rules meet on equal frequencies, not each with each
rules_of_frequency as (
    select
        frequencies.frequency,
        rules.monetary_from,
        rules.monetary_below,
        rules.segment
    from frequencies
    inner join {{ ref('segment_rules') }} as rules
        on
            frequencies.frequency >= rules.frequency_from
            and (rules.frequency_to is null or frequencies.frequency <= rules.frequency_to)
)

select
    labels.monetary,
    labels.frequency,
    labels.customers,
    labels.segment,
    rules_of_frequency.segment as segment_by_rules
from labels
left join rules_of_frequency
    on
        labels.frequency = rules_of_frequency.frequency
        and (
            rules_of_frequency.monetary_from is null
            or labels.monetary >= rules_of_frequency.monetary_from
        )
        and (
            rules_of_frequency.monetary_below is null
            or labels.monetary < rules_of_frequency.monetary_below
        )
where labels.segment is distinct from rules_of_frequency.segment

{% endtest %}
