-- segments.customer_segments, where the model has too many rules for a macro
-- Grain:  one row for each customer, whales and customers with refunds only included.
-- Source: segments.customer_profile joined with segments.segment_rules, live. Pure SQL.
-- The rules are first looked up for each frequency that occurs, so that customers and rules meet on
-- equal frequencies: comparing every customer with every rule would take minutes.
-- Units:  money in the table's currency; segment_rank 1 is the segment of the highest value.
with

customer_profile as (
    select * from segments.customer_profile
),

segment_rules as (
    select * from segments.segment_rules
),

current_model as (
    select
        monetary_cut,
        frequency_cut
    from segments.models
    where is_current
),

frequencies as (
    select distinct frequency
    from customer_profile
),

rules_of_frequency as (
    select
        frequencies.frequency,
        segment_rules.monetary_from,
        segment_rules.monetary_below,
        segment_rules.segment,
        segment_rules.segment_rank
    from frequencies
    inner join segment_rules
        on
            frequencies.frequency
            between segment_rules.frequency_from and segment_rules.frequency_to
),

final as (
    select
        customer_profile.customer_id,
        customer_profile.monetary,
        customer_profile.frequency,
        customer_profile.first_order_at,
        customer_profile.last_order_at,
        coalesce(customer_profile.monetary > current_model.monetary_cut, false)
        or coalesce(customer_profile.frequency > current_model.frequency_cut, false) as is_whale,
        rules_of_frequency.segment,
        rules_of_frequency.segment_rank
    from customer_profile
    cross join current_model
    inner join rules_of_frequency
        on
            customer_profile.frequency = rules_of_frequency.frequency
            and customer_profile.monetary >= rules_of_frequency.monetary_from
            and customer_profile.monetary < rules_of_frequency.monetary_below
)

select
    customer_id,
    monetary,
    frequency,
    first_order_at,
    last_order_at,
    is_whale,
    segment,
    segment_rank
from final
