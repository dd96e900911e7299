-- What a refit changes: customers whose segment differs under the next model's rules, and those
-- whose segment has moved under the present rules since the snapshot was made.
-- Grain:  one row.
-- Source: $profiles, added up now; segments.segment_rules, the present rules; $next_rules;
--         $known, the customers' segments as they were last stored.
-- Segments are compared by rank ($by_rank), or by name where the models have not equally many.
with

profiles as (
    select * from $profiles
),

rules as (
    select
        false as is_next,
        frequency_from,
        frequency_to,
        monetary_from,
        monetary_below,
        case when $by_rank then cast(segment_rank as varchar) else segment end as segment_key
    from segments.segment_rules
    union all
    select
        true as is_next,
        frequency_from,
        frequency_to,
        monetary_from,
        monetary_below,
        case when $by_rank then cast(segment_rank as varchar) else segment end as segment_key
    from $next_rules
),

frequencies as (
    select distinct frequency
    from profiles
),

rules_of_frequency as (
    select
        frequencies.frequency,
        rules.is_next,
        rules.monetary_from,
        rules.monetary_below,
        rules.segment_key
    from frequencies
    inner join rules
        on frequencies.frequency between rules.frequency_from and rules.frequency_to
),

labelled as (
    select
        profiles.customer_id,
        profiles.customers,
        present.segment_key as present_key,
        upcoming.segment_key as next_key
    from profiles
    inner join rules_of_frequency as present
        on
            not present.is_next
            and profiles.frequency = present.frequency
            and profiles.monetary >= present.monetary_from
            and profiles.monetary < present.monetary_below
    inner join rules_of_frequency as upcoming
        on
            upcoming.is_next
            and profiles.frequency = upcoming.frequency
            and profiles.monetary >= upcoming.monetary_from
            and profiles.monetary < upcoming.monetary_below
),

known as (
    select
        customer_id,
        case when $by_rank then cast(segment_rank as varchar) else segment end as segment_key
    from $known
)

select
    sum(labelled.customers) as customers,
    sum(case when labelled.present_key <> labelled.next_key then labelled.customers else 0 end)
        as changed_by_refit,
    count(case when labelled.present_key <> known.segment_key then 1 end) as changed_by_behaviour
from labelled
left join known
    on labelled.customer_id = known.customer_id
