-- segments.customer_segments, where the model has too many rules for a macro
-- Grain:  one row for each customer, whales and customers with refunds only included.
-- Source: segments.customer_profile joined with segments.segment_rules, live. Pure SQL.
-- The rules are first looked up for each frequency that occurs, so that customers and rules meet on
-- equal frequencies: comparing every customer with every rule would take minutes.
-- Units:  money in the table's currency; segment_rank 1 is the segment of the highest value. Days
--         are calendar days up to the newest order of all; lifecycle is new (first order at most
--         active_days ago), active (last order at most active_days ago), lapsing (at most
--         lapsed_days ago) or lapsed, and NULL without a date column or without an order.
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
        frequency_cut,
        active_days,
        lapsed_days
    from segments.models
    where is_current
),

newest as (
    select cast($newest_order as date) as today
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

dated as (
    select
        customer_profile.customer_id,
        customer_profile.monetary,
        customer_profile.frequency,
        customer_profile.first_order_at,
        customer_profile.last_order_at,
        coalesce(customer_profile.monetary > current_model.monetary_cut, false)
        or coalesce(customer_profile.frequency > current_model.frequency_cut, false) as is_whale,
        rules_of_frequency.segment,
        rules_of_frequency.segment_rank,
        current_model.active_days,
        current_model.lapsed_days,
        date_diff('day', cast(customer_profile.first_order_at as date), newest.today)
            as days_since_first_order,
        date_diff('day', cast(customer_profile.last_order_at as date), newest.today)
            as days_since_last_order
    from customer_profile
    cross join current_model
    cross join newest
    inner join rules_of_frequency
        on
            customer_profile.frequency = rules_of_frequency.frequency
            and customer_profile.monetary >= rules_of_frequency.monetary_from
            and customer_profile.monetary < rules_of_frequency.monetary_below
),

final as (
    select
        customer_id,
        monetary,
        frequency,
        first_order_at,
        last_order_at,
        is_whale,
        segment,
        segment_rank,
        days_since_last_order,
        case
            when days_since_first_order <= active_days then 'new'
            when days_since_last_order <= active_days then 'active'
            when days_since_last_order <= lapsed_days then 'lapsing'
            when days_since_last_order > lapsed_days then 'lapsed'
        end as lifecycle
    from dated
)

select
    customer_id,
    monetary,
    frequency,
    first_order_at,
    last_order_at,
    is_whale,
    segment,
    segment_rank,
    days_since_last_order,
    lifecycle
from final
